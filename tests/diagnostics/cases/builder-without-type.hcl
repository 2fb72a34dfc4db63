builder "b" {
  name = "x"
}
