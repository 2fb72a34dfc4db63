variable "V" {
  type    = any
  default = 1
}
target "default" {}
