V = "1"
target "default" { args = { A = V } }
