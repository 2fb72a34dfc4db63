target "base" { context = "y" }
