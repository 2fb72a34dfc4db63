group "default" {
  description = "all"
  targets     = ["a"]
}
target "a" { description = "one" }
