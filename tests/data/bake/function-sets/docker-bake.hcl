target "default" {
  args = {
    union = jsonencode(setunion(["b"], ["a"]))
    inter = jsonencode(setintersection(["b", "a"], ["a"]))
    sub   = jsonencode(setsubtract(["b", "a"], ["a"]))
    sym   = jsonencode(setsymmetricdifference(["b", "a"], ["a", "c"]))
    has   = sethaselement(["a"], "a")
    cl    = jsonencode(coalescelist([], ["a"]))
  }
}
