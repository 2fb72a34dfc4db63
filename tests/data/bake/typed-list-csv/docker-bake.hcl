variable "V" { type = list(string) }
variable "N" { type = list(number) }
target "default" { args = { A = jsonencode([V, N]) } }
