function "upper" {
  params = [a]
  result = "mine"
}
target "default" { args = { A = upper("x") } }
