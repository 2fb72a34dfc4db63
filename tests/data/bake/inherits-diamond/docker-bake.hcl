target "root" { args = { A = "root", B = "root" } }
target "left" {
  inherits = ["root"]
  args     = { A = "left" }
}
target "right" { inherits = ["root"] }
target "default" { inherits = ["left", "right"] }
