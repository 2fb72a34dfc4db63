build "train" {
  target = each.key
}
