target "default" {
  args        = { A = null, B = "1" }
  labels      = { a = null, b = "1" }
  extra-hosts = { a = null, b = "1" }
}
