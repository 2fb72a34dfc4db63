target "base" { context = "q" }
target "a" { inherits = ["base"] }
target "default" { args = { A = jsonencode(target.a.context), B = target.a.inherits[0] } }
