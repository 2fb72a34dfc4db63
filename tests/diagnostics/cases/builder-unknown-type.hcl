builder "b" {
  type = "docker-contaner"
}
