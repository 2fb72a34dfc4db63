builder "a" {
  type = "docker-container"
  name = "same"
}
builder "b" {
  type = "docker-container"
  name = "same"
}
