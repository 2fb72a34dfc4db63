# The last command of envd's page on contexts, as configuration: build and push on every type of
# builder. `envd build --output type=image,name=REGISTRY/USER/IMAGE,push=true`, four times. In YAML: yaml/envdplan.yaml.

envdplan {
  context_store = "contexts"
}

variable "registry" {
  type    = string
  default = "localhost:5000"
}

variable "project" {
  type    = string
  default = "seed"
}

variable "buildkit_image" {
  type    = string
  default = "docker.io/moby/buildkit:v0.19.0"
}

variable "tcp" {
  type        = string
  default     = "localhost:8888"
  description = "HOST:PORT of a buildkitd"
}

variable "socket" {
  type        = string
  default     = "/run/buildkit/buildkitd.sock"
  description = "Socket of a buildkitd on this machine"
}

locals {
  image = "${var.registry}/${var.project}"
  base  = { BASE = "${var.registry}/lib/busybox:1" }
}

builder "container" {
  type    = "docker-container"
  name    = "envdplan-${var.project}"
  image   = var.buildkit_image
  network = "host"

  config {
    registry = {
      (var.registry) = { http = true }
    }
  }
}

builder "engine" {
  type = "moby-worker"
}

builder "remote" {
  type    = "tcp"
  address = var.tcp
}

builder "local" {
  type    = "unix"
  address = var.socket
}

context "container" {
  builder = builder.container
  use     = true
}

context "engine" {
  builder = builder.engine
}

context "remote" {
  builder = builder.remote
}

context "local" {
  builder = builder.local
}

build "container" {
  path = "./app"
  args = local.base
  tags = ["${local.image}/container:latest"]
  push = true
}

build "engine" {
  context = context.engine
  path    = "./app"
  args    = local.base
  labels  = { builder = "engine" }
  tags    = ["${local.image}/engine:latest"]
  push    = true
}

build "remote" {
  context = context.remote
  path    = "./app"
  args    = local.base
  labels  = { builder = "remote" }
  tags    = ["${local.image}/remote:latest"]
  push    = true
}

build "local" {
  context = context.local
  path    = "./app"
  args    = local.base
  labels  = { builder = "local" }
  tags    = ["${local.image}/local:latest"]
  push    = true
}

output "digests" {
  value = {
    container = build.container.digest
    engine    = build.engine.digest
    remote    = build.remote.digest
    local     = build.local.digest
  }
}
