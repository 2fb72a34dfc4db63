target "a1" {}
target "a2" {}
target "b1" {}
target "c1" {}
