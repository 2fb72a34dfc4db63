target "base" {
  tags      = ["a"]
  platforms = ["linux/arm64"]
  output    = ["type=docker"]
  cache-to  = ["type=inline"]
}
target "default" {
  inherits  = ["base"]
  tags      = ["b"]
  platforms = ["linux/amd64"]
  output    = ["type=image"]
  cache-to  = ["b"]
}
