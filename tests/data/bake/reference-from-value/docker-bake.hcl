x = target.a.context
target "a" { context = "q" }
target "default" { args = { A = x } }
