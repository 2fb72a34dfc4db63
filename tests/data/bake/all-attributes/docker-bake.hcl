target "default" {
  description       = "d"
  annotations       = ["a=b", "index:c=d"]
  attest            = [{ type = "provenance", mode = "max" }, "type=sbom"]
  context           = "./x/../y"
  contexts          = { a = "./a", c = "docker-image://x" }
  args              = { A = 1, B = true, E = "" }
  labels            = { z = "1" }
  tags              = ["a", "b:1"]
  cache-from        = ["user/app:cache", "type=local,src=x", { type = "registry", ref = "q" }]
  cache-to          = [{ type = "inline" }]
  dockerfile        = "D.x"
  target            = "t"
  secret            = [{ id = "e", env = "HOME" }]
  platforms         = ["linux/amd64", "linux/arm64"]
  output            = ["./out", { type = "oci", dest = "x.tar" }]
  pull              = true
  no-cache          = false
  network           = "none"
  no-cache-filter   = ["x"]
  shm-size          = "64m"
  ulimits           = ["nofile=1024:1024"]
  call              = "build"
  entitlements      = ["security.insecure"]
  extra-hosts       = { h = "1.2.3.4" }
}
