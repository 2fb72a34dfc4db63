variable "S" { type = string }
variable "N" { type = number }
variable "B" { type = bool }
target "default" { args = { A = jsonencode([S, N, B]) } }
