target "base" {
  args     = { A = "1", B = "1" }
  tags     = ["base"]
  platforms = ["linux/arm64"]
  context  = "base"
}
target "default" {
  inherits = ["base"]
  args     = { B = "2" }
  tags     = ["own"]
}
