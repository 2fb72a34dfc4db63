builder "far" {
  type    = "tcp"
  name    = self.address
  address = "${self.name}:8888"
}
