variable "V" { default = false }
target "default" {}
