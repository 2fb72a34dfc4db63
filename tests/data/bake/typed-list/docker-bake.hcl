variable "V" {
  type    = list(string)
  default = ["a", 1, true]
}
target "default" { tags = V }
