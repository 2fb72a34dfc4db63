function "f-1" {
  params          = [php-version]
  variadic_params = more-of
  result          = "${php-version}-${length(more-of)}"
}

target "default" {
  args = { a = f-1("8", 1, 2) }
}
