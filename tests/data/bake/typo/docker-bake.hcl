target "default" { tag = ["a"] }
