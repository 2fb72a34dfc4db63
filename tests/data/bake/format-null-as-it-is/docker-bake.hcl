target "default" {
  args = {
    a = format("%v", null)
    b = join(",", formatlist("%v-%v", ["a", null], null))
    c = format("%#v%5v", null, null)
  }
}
