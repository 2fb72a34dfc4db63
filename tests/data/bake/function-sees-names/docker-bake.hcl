variable "V" { default = "v" }
x = "x"
function "f" {
  params = [a]
  result = "${a}${V}${x}"
}
function "g" {
  params = [a]
  result = upper(f(a))
}
variable "W" { default = g("w") }
target "default" { args = { A = W } }
