# A module called twice, a matrix of builds, conditions and a check. The builder is the engine's own
# BuildKit. The same in YAML: yaml/envdplan.yaml.

envdplan {
  context_store = "contexts"
}

variable "registry" {
  type    = string
  default = "localhost:5000"
}

variable "project" {
  type    = string
  default = "modules"
}

locals {
  base = "${var.registry}/lib/busybox:1"
}

data "image" "base" { ref = local.base }

builder "engine" {
  type = "moby-worker"
}

context "engine" {
  builder = builder.engine
  use     = true
}

module "hello" {
  source = "./image"
  name   = "${var.registry}/${var.project}/hello"
  path   = "${path.root}/app"
  args   = { BASE = data.image.base.pinned }
}

module "again" {
  source = "./image"
  name   = "${var.registry}/${var.project}/again"
  path   = "${path.root}/app"
  args   = { BASE = module.hello.image } # so it waits for the other one
}

build "variant" {
  for_each = matrix({ color = ["red", "green"], size = ["s", "l"] })
  path     = "./app"
  args     = { BASE = local.base }
  labels   = each.value
  tags     = ["${var.registry}/${var.project}/variant:${each.key}"]
  push     = true
  retries  = 1

  precondition {
    condition     = contains(data.image.base.platforms, "linux/amd64")
    error_message = "${local.base} is not there for linux/amd64."
  }
}

group "variants" { members = [build.variant] }

check "base" {
  assert {
    condition     = data.image.base.digest == digest(local.base)
    error_message = "${local.base} has moved meanwhile."
  }
}

output "images" {
  value = {
    hello    = module.hello.image
    again    = module.again.image
    variants = [for one in build.variant : one.digest]
  }
}
