target "default" {
  dockerfile-inline = <<EOT
FROM scratch
ENV A=$${B} C=%%{D}
EOT
}
