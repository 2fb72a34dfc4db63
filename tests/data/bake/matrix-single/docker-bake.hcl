target "default" {
  matrix = { v = ["a"] }
  args   = { V = v }
}
