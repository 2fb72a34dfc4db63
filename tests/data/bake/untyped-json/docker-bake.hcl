variable "V" {}
variable "N" { default = 1 }
variable "P" { default = "x" }
target "default" { args = { A = jsonencode([V, N, P]) } }
