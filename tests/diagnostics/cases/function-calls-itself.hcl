function "down" {
  params = [n]
  result = n == 0 ? 0 : down(n - 1)
}
