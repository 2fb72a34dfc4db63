target "default" {
  args = { a = join(",", formatlist("%s", ["a", null])) }
}
