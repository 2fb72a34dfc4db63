target "default" { inherits = ["base"] }
target "bas" {}
