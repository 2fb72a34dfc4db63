build "x" {
  secret {
    id = "token"
  }
}
