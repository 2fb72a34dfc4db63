target "default" { contexts = { a = "target:a" } }
target "a" { contexts = { b = "target:b" } }
target "b" { entitlements = ["network.host"] }
