builder "b" {
  type    = "unix"
  address = "/run/b.sock"
  timeout = 0.5
  retries = -1
}

build "x" {
  timeout = 0.5
  retries = -1
}
