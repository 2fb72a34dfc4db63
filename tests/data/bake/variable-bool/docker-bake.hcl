variable "V" { default = false }
target "default" { args = { A = V ? "yes" : "no" } }
