target "default" {
  name   = "x-${v == null ? "null" : v}"
  matrix = { v = [null, "a", 1] }
  args   = { V = v }
}
