variable "V" { type = "bool" }
target "default" {}
