variable "V" {}
variable "W" {}
target "default" { args = { A = jsonencode([V, W]) } }
