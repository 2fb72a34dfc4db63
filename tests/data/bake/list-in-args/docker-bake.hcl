target "default" { args = { A = ["a"] } }
