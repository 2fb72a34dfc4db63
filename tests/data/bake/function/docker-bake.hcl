function "tag" {
  params          = [name]
  variadic_params = more
  result          = "${name}-${join(",", more)}"
}
target "default" { args = { A = tag("x"), B = tag("x", "y", "z") } }
