variable "V" { defualt = "x" }
target "default" { args = { A = V } }
