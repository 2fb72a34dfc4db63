builder "b" {
  type = "docker-container"
  imag = "x"
}
