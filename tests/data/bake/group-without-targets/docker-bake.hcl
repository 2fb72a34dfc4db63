group "default" {}
target "a" {}
