target "default" { args = { A = pow(2, 100) } }
