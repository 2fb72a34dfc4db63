target "default" {
  name     = "app-${v}"
  matrix   = { v = ["a", "b"] }
  inherits = ["base-${v}"]
}
target "base" {
  name   = "base-${v}"
  matrix = { v = ["a", "b"] }
  args   = { V = v }
}
