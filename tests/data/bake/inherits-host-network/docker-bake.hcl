target "base" { network = "host" }
target "default" {
  inherits = ["base"]
  network  = "none"
}
