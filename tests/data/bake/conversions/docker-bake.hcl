target "default" {
  context  = 1
  args     = { A = 1.50, B = 1e3, C = false, D = 0.1 + 0.2 }
  tags     = [1, true]
  pull     = "1"
  no-cache = "false"
  shm-size = 64
}
