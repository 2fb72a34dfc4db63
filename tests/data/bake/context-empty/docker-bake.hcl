target "default" {
  context    = ""
  dockerfile = ""
}
