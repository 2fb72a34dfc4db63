build "base" {
  tags = ["localhost:5000/base:1"]
}
build "x" {
  contexts = { base = build.base }
}
