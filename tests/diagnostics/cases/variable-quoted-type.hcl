variable "registry" {
  type    = "string"
  default = "localhost:5000"
}
