target "app" {
  name   = "app-${v}"
  matrix = { v = ["a", "b"] }
  tags   = ["app:${v}"]
}
target "default" { args = { A = target.app-a.tags[0] } }
