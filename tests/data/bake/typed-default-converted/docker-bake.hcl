variable "V" {
  type    = bool
  default = "true"
}
variable "S" {
  type    = string
  default = 5
}
target "default" { args = { A = jsonencode([V, S]) } }
