locals {
  a = <<EOT
    text
  EOT, 1
}
