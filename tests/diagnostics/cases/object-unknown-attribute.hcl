locals {
  host = { name = "a", port = 1 }
  name = local.host.nmae
}
