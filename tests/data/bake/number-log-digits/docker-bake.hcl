target "default" {
  args = {
    a = log(10, 3)
    b = log(2, 10)
    c = log(1000, 10)
  }
}
