variable "VERSIONS" { default = ["1", "2"] }
target "default" {
  name   = "app-${v}"
  matrix = { v = VERSIONS }
  tags   = ["app:${v}"]
}
