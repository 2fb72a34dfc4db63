variable "V" { default = null }
variable "W" { default = null }
target "default" { args = { A = jsonencode([V, W]), B = V } }
