# Files of docker buildx bake are a project as they are: `envdplan -C examples/bake plan`.

variable "REGISTRY" { default = "localhost:5000" }
variable "PROJECT" { default = "bake" }

group "default" {
  targets = ["hello", "api"]
}

target "hello" {
  name    = "hello-${color}"
  matrix  = { color = ["red", "green"] }
  context = "app"
  args    = { BASE = "${REGISTRY}/lib/busybox:1" }
  labels  = { color = color }
  tags    = ["${REGISTRY}/${PROJECT}/hello:${color}"]
  output  = ["type=registry"]
}

target "api" {
  output = ["type=registry"]
}
