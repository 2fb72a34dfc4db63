variable "V" { type = tuple([string, number, bool]) }
target "default" { args = { A = jsonencode(V) } }
