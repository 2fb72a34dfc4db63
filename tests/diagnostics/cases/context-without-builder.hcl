context "c" {
  use = true
}
