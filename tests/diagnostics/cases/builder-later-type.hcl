builder "b" {
  type = "ssh"
}
