target "default" {
  name   = "x-${v}"
  matrix = { v = { a = "1", b = "2" } }
}
