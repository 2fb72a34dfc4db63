variable "n" {
  type = strin
}
