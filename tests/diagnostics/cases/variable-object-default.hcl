variable "host" {
  type    = object({ name = string, port = number })
  default = { name = "a", port = "many" }
}
