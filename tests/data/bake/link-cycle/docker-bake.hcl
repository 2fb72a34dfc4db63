target "default" { contexts = { a = "target:a" } }
target "a" { contexts = { b = "target:default" } }
