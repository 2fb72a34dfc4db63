build "a" {
  export_cache = ["type=registry,ref=r.io/cache:1"]
}
build "b" {
  export_cache = [{ type = "registry", ref = "r.io/cache:1" }]
}
