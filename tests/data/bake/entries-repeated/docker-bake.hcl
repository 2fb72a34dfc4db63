target "base" { cache-from = ["type=local,src=x", "a,b"] }
target "default" {
  inherits   = ["base"]
  cache-from = [{ type = "registry", ref = "a" }, { src = "x", type = "local" }, "c"]
  cache-to   = ["type=local,src=x", "type=local,src=x", "a,b"]
}
