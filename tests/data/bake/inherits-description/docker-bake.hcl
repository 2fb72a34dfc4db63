target "base" { description = "base" }
target "default" { inherits = ["base"] }
