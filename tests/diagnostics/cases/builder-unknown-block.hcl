builder "far" {
  type    = "tcp"
  address = "far:8888"
  tsl { ca = "ca.pem" }
}
