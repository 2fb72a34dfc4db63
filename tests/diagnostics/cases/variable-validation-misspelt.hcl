variable "port" {
  default = 1
  validation {
    condition    = var.port > 0
    error_mesage = "A port is positive."
  }
}
