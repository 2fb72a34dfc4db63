target "default" { args = { A = V } }
