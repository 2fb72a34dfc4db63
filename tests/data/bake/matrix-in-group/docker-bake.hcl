group "default" { targets = ["app", "db"] }
target "app" {
  name   = "app-${v}"
  matrix = { v = ["a", "b"] }
}
target "db" {}
