builder {
  type = "moby-worker"
}
