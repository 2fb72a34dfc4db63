build "a" {}
build "b" {
  args = { BASE = build.a }
}
