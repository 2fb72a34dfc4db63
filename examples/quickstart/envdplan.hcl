# The first steps: a builder of your own, an envd context that uses it, and an image.
# `make quickstart` in the repository finds or starts an engine and a registry for it.
# The same in YAML: yaml/envdplan.yaml.

envdplan {
  context_store = "contexts" # a file here; leave this out to change envd's own contexts
}

variable "registry" {
  type        = string
  default     = "localhost:5000"
  description = "Where images are pulled from and pushed to, as HOST:PORT"
}

variable "buildkit_image" {
  type        = string
  default     = "docker.io/moby/buildkit:v0.19.0"
  description = "Image of the builder"
}

builder "quickstart" {
  type    = "docker-container"
  name    = "envdplan-quickstart"
  image   = var.buildkit_image
  network = "host" # so that it reaches a registry on this machine

  config {
    registry = {
      (var.registry) = { http = true }
    }
  }
}

context "quickstart" {
  builder = builder.quickstart
  use     = true
}

build "hello" {
  path = "./app"
  args = { BASE = "${var.registry}/lib/busybox:1" }
  tags = ["${var.registry}/quickstart/hello:latest"]
  push = true
}

output "image" {
  value       = build.hello.image
  description = "What to run: docker run IMAGE"
}
