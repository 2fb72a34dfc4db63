builder "b" {
  type    = "tcp"
  address = "example.com"
}
