locals {
  host = null
  name = local.host.name
}
