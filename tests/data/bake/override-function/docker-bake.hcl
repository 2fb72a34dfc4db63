function "f" {
  params = [a]
  result = "1${a}"
}
target "default" { args = { A = f("x") } }
