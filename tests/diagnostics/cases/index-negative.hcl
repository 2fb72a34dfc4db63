locals {
  last = ["a", "b"][-1]
}
