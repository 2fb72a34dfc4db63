builder "b" {
  type    = "moby-worker"
  version = "1"
}
