group "default" { targets = ["a", "a"] }
target "a" {}
