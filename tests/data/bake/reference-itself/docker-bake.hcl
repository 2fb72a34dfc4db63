target "default" {
  context = "q"
  args    = { A = target.default.context }
}
