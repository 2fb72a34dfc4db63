target "default" {
  tags            = ["a"]
  ulimits         = ["nofile=1"]
  no-cache-filter = ["x"]
  cache-from      = ["x"]
  platforms       = ["linux/arm64"]
  args            = { A = "1" }
  contexts        = { c = "docker-image://x" }
  annotations     = ["a=b"]
  attest          = ["type=sbom"]
  entitlements    = ["network.host"]
  output          = ["type=docker"]
}
target "child" { inherits = ["default"] }
