variable "tools" {
  default   = { tools = "https://token@example.org/tools.git" }
  sensitive = true
}
build "x" {
  contexts = var.tools
}
