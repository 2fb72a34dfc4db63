build "x" {
  dockerfile        = "Dockerfile"
  dockerfile_inline = "FROM scratch"
}
