builder "b" {
  type = "unix"
