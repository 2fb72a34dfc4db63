target "default" { args = { A = try(target.nope.context, "else"), B = can(target.default.nope) } }
