build "a" {
  secret {
    id    = "token"
    value = "hunter2"
  }
}
