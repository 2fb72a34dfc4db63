variable "V" {
  type    = any
  default = { a = 1 }
}
target "default" { args = { A = jsonencode(V) } }
