group "app" { targets = ["db"] }
target "app" { tags = ["never"] }
target "db" {}
