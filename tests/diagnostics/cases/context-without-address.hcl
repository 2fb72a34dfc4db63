context "c" {
  builder = "tcp"
}
