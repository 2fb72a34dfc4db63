variable "V" { type = list(list(string)) }
target "default" {}
