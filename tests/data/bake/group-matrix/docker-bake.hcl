group "default" {
  targets = ["a"]
  matrix  = { v = ["1"] }
}
target "a" {}
