target "default" {
  tags            = ["", "a", ""]
  platforms       = [""]
  cache-from      = [""]
  cache-to        = [""]
  output          = [""]
  secret          = [""]
  no-cache-filter = [""]
  ulimits         = [""]
  entitlements    = [""]
  annotations     = [""]
}
