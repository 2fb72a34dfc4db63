target "a" {
  tags    = ["x", "y"]
  context = "ctx"
  args    = { Q = "1", N = null }
}
target "default" {
  tags = [for t in target.a.tags : "${t}:latest"]
  args = { Z = target.a.args.Q, N = target.a.name, C = target.a.context }
}
