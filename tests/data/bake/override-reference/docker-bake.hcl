target "base" {
  tags    = ["a"]
  context = "x"
}
target "default" { args = { A = jsonencode(target.base.tags), B = target.base.context } }
