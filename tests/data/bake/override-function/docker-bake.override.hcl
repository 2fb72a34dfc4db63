function "f" {
  params = [a]
  result = "2${a}"
}
