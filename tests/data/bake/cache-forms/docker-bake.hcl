target "default" {
  cache-from = ["a", "b,c", "type=registry,ref=d", { type = "local", src = "e" }, "type=GHA,scope=f"]
  cache-to   = ["type=local,dest=x,mode=max", "TYPE=inline"]
}
