variable "V" {
  type    = bool
  default = "x"
}
target "default" {}
