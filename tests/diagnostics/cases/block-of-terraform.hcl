resource "builder" "far" {
  type = "tcp"
}
