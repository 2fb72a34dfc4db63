target "base" {
  tags       = ["a"]
  platforms  = ["linux/arm64"]
  output     = ["type=docker"]
  cache-to   = ["type=inline"]
  cache-from = ["a"]
}
target "default" {
  inherits   = ["base"]
  tags       = []
  platforms  = []
  output     = []
  cache-to   = []
  cache-from = []
}
