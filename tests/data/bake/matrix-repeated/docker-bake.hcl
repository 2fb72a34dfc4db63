target "default" {
  name   = "x-${v}"
  matrix = { v = ["a"] }
  args   = { A = v }
}
target "default" {
  name   = "x-${v}"
  matrix = { v = ["b", "a"] }
  args   = { B = v }
}
target "x-b" { tags = ["b"] }
