target "default" { args = { A = "hcl" } }
