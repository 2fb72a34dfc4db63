variable "V" { default = "default" }
variable "W" { default = "default" }
variable "T" {
  type    = number
  default = 1
}
target "default" { args = { A = V, B = W, C = jsonencode(T) } }
