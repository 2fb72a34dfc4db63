variable "V" {
  type    = number
  default = 1
}
target "default" { args = { A = jsonencode(V) } }
