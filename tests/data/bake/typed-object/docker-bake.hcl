variable "V" { type = object({ a = string, b = optional(number) }) }
target "default" { args = { A = jsonencode(V) } }
