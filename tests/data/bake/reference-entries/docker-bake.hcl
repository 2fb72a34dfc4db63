target "a" {
  output     = ["type=docker"]
  cache-from = ["x"]
  secret     = ["id=x,env=HOME"]
  attest     = ["type=sbom"]
  pull       = true
}
target "default" {
  args = {
    O = jsonencode(target.a.output)
    C = jsonencode(target.a.cache-from)
    S = jsonencode(target.a.secret)
    A = jsonencode(target.a.attest)
    P = target.a.pull
    T = jsonencode(target.a.cache-to)
  }
  cache-from = target.a.cache-from
  output     = target.a.output
}
