locals {
  hosts = [{ name = "a" }]
  first = local.hosts.name
}
