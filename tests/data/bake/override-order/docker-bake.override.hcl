target "default" { args = { A = "override hcl" } }
