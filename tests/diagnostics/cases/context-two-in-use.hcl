context "a" {
  builder = "moby-worker"
  use     = true
}
context "b" {
  builder = "moby-worker"
  use     = true
}
