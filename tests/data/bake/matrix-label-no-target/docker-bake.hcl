target "app" {
  name   = "app-${v}"
  matrix = { v = ["a"] }
  tags   = ["app:${v}"]
}
target "default" { args = { A = target.app.tags[0] } }
