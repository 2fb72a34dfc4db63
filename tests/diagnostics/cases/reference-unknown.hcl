builder "gpu" {
  type = "moby-worker"
}
context "c" {
  builder = builder.gpuu
}
