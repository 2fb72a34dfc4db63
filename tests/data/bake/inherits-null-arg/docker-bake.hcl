target "base" { args = { A = "1" } }
target "default" {
  inherits = ["base"]
  args     = { A = null }
}
