builder "b" {
  type = "moby-worker"
}

builder "b" {
  type = "moby-worker"
}
