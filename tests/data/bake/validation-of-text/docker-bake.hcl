variable "V" {
  default = "x"
  validation {
    condition     = "true"
    error_message = "x"
  }
}
target "default" {}
