variable "V" { default = 1 }
target "default" { args = { A = V + 1, B = jsonencode(V) } }
