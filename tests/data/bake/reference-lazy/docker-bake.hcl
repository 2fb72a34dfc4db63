target "a" {
  context    = target.default.dockerfile
  dockerfile = "D"
}
target "default" {
  dockerfile = target.a.dockerfile
  context    = target.a.context
}
