builder "b" {
  type = "moby-worker"
}
context "c" {
  builder         = builder.b
  builder_address = "x"
}
