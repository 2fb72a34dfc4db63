build "x" {}
context "c" {
  builder = build.x
}
