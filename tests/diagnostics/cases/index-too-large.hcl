locals {
  tags = ["a", "b"]
  last = local.tags[2]
}
