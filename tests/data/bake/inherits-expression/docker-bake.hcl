suffix = "x"
target "base-x" { args = { A = "1" } }
target "default" { inherits = ["base-${suffix}"] }
