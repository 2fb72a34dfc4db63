variable "V" {
  default = "x"
  validation { condition = V == "x" }
}
target "default" {}
