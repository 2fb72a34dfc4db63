variable "registry" {
  default = "a b"
  validation {
    condition     = can(regex("^[a-z0-9.:-]+$", var.registry))
    error_message = "The registry must be host[:port], got ${var.registry}."
  }
}
