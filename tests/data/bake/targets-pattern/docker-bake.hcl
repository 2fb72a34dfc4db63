target "app-a" {}
target "app-b" {}
target "db" {}
