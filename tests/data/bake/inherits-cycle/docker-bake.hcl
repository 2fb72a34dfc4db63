target "default" {
  inherits = ["x"]
  args     = { A = "default" }
}
target "x" {
  inherits = ["default"]
  args     = { A = "x", B = "x" }
}
