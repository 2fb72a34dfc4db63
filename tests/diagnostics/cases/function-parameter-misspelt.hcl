function "image" {
  params = [name]
  result = "r.io/${nmae}"
}
output "image" { value = image("x") }
