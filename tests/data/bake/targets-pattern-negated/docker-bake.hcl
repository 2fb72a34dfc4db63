target "a1" {}
target "b1" {}
target "c1" {}
