zoo "x" {}
target "default" {}
