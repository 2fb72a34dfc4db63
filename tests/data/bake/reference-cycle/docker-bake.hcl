target "a" { context = target.default.context }
target "default" { context = target.a.context }
