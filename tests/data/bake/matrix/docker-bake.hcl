target "default" {
  name   = "app-${v}"
  matrix = { v = ["a", "b"] }
  args   = { V = v }
}
