template "t" {
  args = {}
}
