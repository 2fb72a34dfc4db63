build "x" {
  depends_on = "build.y"
}
