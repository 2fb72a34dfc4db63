target "default" {
  name   = "app-${item.n}"
  matrix = { item = [{ n = "a", p = 1 }, { n = "b", p = 2 }] }
  args   = { P = item.p }
}
