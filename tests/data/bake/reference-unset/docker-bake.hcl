target "a" {}
target "default" { args = { A = target.a.context, B = jsonencode(target.a.tags) } }
