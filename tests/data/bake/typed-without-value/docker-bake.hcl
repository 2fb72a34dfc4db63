variable "V" { type = list(string) }
variable "S" { type = string }
target "default" { args = { A = jsonencode([V, S]) } }
