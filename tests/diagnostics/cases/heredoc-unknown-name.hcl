variable "registry" { default = "localhost:5000" }

build "app" {
  dockerfile_inline = <<-EOT
    FROM scratch
    LABEL registry="${var.registri}"
  EOT
}
