locals {
  a = { for one in ["x", "x"] : one => 1 }
}
