build "x" {
  tags = ["Registry/UPPER"]
}
