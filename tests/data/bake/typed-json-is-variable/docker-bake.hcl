variable "V" { type = list(string) }
variable "V_JSON" { default = "" }
target "default" { args = { A = jsonencode([V, V_JSON]) } }
