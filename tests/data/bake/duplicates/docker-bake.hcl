target "default" {
  tags         = ["a", "b", "a"]
  platforms    = ["linux/amd64", "linux/amd64"]
  cache-from   = ["a", "b", "type=registry,ref=a"]
  output       = ["type=docker", { type = "docker" }]
  entitlements = ["network.host", "network.host"]
}
