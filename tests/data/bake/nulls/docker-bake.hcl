target "default" {
  context   = null
  args      = null
  tags      = null
  platforms = null
  pull      = null
  network   = null
}
