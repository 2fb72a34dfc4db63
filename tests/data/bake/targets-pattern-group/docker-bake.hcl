group "app" { targets = ["x"] }
target "x" {}
target "y" {}
