target "default" {
  args     = { A = "2" }
  inherits = ["j"]
}
