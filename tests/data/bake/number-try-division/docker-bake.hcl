target "default" {
  args = {
    a = try(1 / 0, 2)
    b = can(1 / 0)
    c = try(5 % 0, 2)
    d = try(log(0, 2), 2)
  }
}
