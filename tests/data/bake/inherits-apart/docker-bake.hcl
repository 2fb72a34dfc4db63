target "base" { cache-from = ["a", "b", "b"] }
target "one" { inherits = ["base"] }
target "two" {
  inherits   = ["base"]
  cache-from = ["two"]
}
