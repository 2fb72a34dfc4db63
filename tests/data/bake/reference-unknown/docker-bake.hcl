target "default" { args = { A = target.nope.context } }
