target "default" {
  network      = "host"
  entitlements = ["security.insecure"]
}
