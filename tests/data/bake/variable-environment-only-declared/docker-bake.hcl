target "default" { args = { A = try(HOME, "not seen") } }
