variable "V" {
  default = "x"
  validation {
    condition     = V != ""
    error_message = "empty"
  }
  validation {
    condition     = V == "y"
    error_message = "not y but ${V}"
  }
}
target "default" {}
