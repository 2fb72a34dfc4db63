target "default" {
  args = {
    a = pow(2, 0.5)
    b = pow(10, 0.1)
    c = pow(1.1, 10)
    d = pow(3, 40)
  }
}
