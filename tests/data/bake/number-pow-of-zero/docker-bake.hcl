target "default" {
  args = {
    a = pow(0, -1)
  }
}
