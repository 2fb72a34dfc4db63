build "a" {
  output {
    type = "image"
    push = "often"
  }
}
