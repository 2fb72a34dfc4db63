builder "b" {
  type = "tcp"
}
