locals { n = "a" }
builder "${local.n}" {
  type = "moby-worker"
}
