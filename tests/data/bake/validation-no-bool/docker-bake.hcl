variable "V" {
  default = null
  validation {
    condition     = V
    error_message = "x"
  }
}
target "default" {}
