builder "a b" {
  type = "moby-worker"
}
