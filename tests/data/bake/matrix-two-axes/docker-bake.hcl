target "default" {
  name   = "app-${v}-${replace(w, ".", "_")}"
  matrix = {
    v = ["a", "b"]
    w = ["1.0", "2"]
  }
  args   = { V = v, W = w }
  tags   = ["x:${v}"]
}
