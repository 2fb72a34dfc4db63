target "default" {
  name   = "x"
  matrix = {}
}
