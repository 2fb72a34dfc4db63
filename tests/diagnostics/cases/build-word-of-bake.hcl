build "a" {
  cache-from = ["r.io/cache:1"]
}
