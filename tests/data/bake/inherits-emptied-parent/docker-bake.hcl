target "a" {
  tags   = ["a"]
  output = ["type=docker"]
}
target "b" {
  tags   = []
  output = []
}
target "default" { inherits = ["a", "b"] }
