target "base" {
  annotations     = ["a=1"]
  cache-from      = ["a"]
  no-cache-filter = ["a"]
  ulimits         = ["nofile=1"]
  entitlements    = ["network.host"]
  attest          = ["type=sbom", "type=provenance,mode=min"]
  secret          = ["id=a,env=A", "id=b,env=B"]
}
target "default" {
  inherits        = ["base"]
  annotations     = ["a=2", "a=1"]
  cache-from      = ["b", "a"]
  no-cache-filter = ["b"]
  ulimits         = ["nproc=1"]
  entitlements    = ["security.insecure"]
  attest          = ["type=provenance,mode=max"]
  secret          = ["id=c,env=C", "id=a,env=Z"]
}
