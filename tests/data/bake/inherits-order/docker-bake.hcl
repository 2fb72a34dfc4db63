target "a" {
  args = { A = "a", B = "a" }
  tags = ["a"]
}
target "b" {
  args = { A = "b" }
  tags = ["b"]
}
target "default" { inherits = ["a", "b"] }
