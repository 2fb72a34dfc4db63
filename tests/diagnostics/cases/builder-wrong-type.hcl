builder "b" {
  type = "docker-container"
  env  = ["A=1"]
}
