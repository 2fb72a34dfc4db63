builder "b" {
  type    = "docker-container"
  restart = "allways"
}
