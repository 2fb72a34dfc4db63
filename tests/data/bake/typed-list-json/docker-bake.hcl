variable "V" { type = list(string) }
target "default" { args = { A = jsonencode(V) } }
