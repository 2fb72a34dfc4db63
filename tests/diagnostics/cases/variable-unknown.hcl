variable "registry" {
  default = "x"
}
output "o" {
  value = var.registri
}
