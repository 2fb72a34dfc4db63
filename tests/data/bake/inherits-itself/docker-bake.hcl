target "default" {
  inherits = ["default"]
  args     = { A = "1" }
}
