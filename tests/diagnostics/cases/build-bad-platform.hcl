build "x" {
  platforms = ["amd64"]
}
