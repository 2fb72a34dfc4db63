target "default" {
  args     = { A = "1" }
  inherits = ["i"]
}
target "i" { labels = { i = "1" } }
target "j" { labels = { i = "2", j = "2" } }
