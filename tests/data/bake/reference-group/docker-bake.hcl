group "g" { targets = ["a"] }
target "a" {}
target "default" { args = { A = jsonencode(group.g.targets), B = group.g.name } }
