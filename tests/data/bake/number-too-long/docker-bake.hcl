target "default" {
  args = {
    a = 1e1000
  }
}
