target "default" {
  contexts  = { a = "target:a" }
  platforms = ["linux/amd64", "linux/arm64"]
}
target "a" { platforms = ["linux/amd64", "linux/s390x"] }
