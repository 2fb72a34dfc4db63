variable "V" { type = object({ a = string }) }
target "default" {}
