build "a" {
  export_cache = [{ type = "registri", ref = "r.io/cache:1" }]
  import_cache = ["type=locl,src=cache"]
}
