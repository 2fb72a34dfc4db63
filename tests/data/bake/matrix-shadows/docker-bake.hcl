v = "global"
target "default" {
  name   = "x-${v}"
  matrix = { v = ["a"] }
  args   = { V = v }
}
