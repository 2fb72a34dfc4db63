build "app" {
  for_each = toset(["3.11", "3.12"])
  args     = { PYTHON = each.key }
  tags     = ["r.io/app:1"]
}
