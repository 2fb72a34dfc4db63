variable "V" { type = map(string) }
target "default" {}
