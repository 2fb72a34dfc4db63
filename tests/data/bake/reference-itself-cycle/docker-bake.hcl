target "default" { args = { A = "x", B = target.default.args.A } }
