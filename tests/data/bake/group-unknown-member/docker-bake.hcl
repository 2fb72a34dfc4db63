group "default" { targets = ["a", "aap"] }
target "a" {}
target "app" {}
