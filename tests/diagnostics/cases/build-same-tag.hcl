build "a" {
  tags = ["r/x:1"]
}
build "b" {
  tags = ["r/x:1"]
}
