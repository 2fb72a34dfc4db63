variable "MIN" { default = 1 }
variable "V" {
  default = 2
  validation {
    condition     = V >= MIN
    error_message = "too small"
  }
}
target "default" {}
