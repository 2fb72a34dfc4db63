target "default" {
  args = { A = "1", B = "1" }
  tags = ["a"]
  annotations = ["a=1"]
}
target "default" {
  args = { B = "2" }
  tags = ["b"]
  annotations = ["b=1"]
}
