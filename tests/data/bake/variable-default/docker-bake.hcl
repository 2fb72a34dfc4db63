variable "V" { default = "x" }
target "default" { args = { A = V } }
