target "default" { contexts = { base = "target:base" } }
target "base" {
  tags   = ["base"]
  output = ["type=docker"]
}
