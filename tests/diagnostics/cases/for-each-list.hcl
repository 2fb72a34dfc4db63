build "x" {
  for_each = ["a"]
}
