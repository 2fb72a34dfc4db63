target "a" {
  labels = { a = "a" }
  tags   = ["a"]
}
target "b" {
  inherits = ["a"]
  labels   = { b = "b" }
}
target "default" {
  inherits = ["b"]
  labels   = { c = "c" }
}
