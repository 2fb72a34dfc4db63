locals {
  a = 1 / (2 - 2)
}
