target "default" {
  args = {
    a = 0 * -1
    b = "v${-0}"
    c = jsonencode(negate(0))
  }
}
