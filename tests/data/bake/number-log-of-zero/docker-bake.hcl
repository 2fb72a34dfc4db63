target "default" {
  args = {
    a = log(0, 2)
  }
}
