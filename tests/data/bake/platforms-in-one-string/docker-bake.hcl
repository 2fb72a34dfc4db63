target "default" {
  platforms = ["linux/s390x,linux/386"]
}
