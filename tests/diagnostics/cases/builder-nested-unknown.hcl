builder "far" {
  type    = "tcp"
  address = "far:8888"
  tls {
    ca         = "ca.pem"
    servername = "far"
  }
}
