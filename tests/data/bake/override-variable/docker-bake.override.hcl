variable "V" { description = "nothing else" }
