target "default" {
  args        = { A = "$${x} %%{y}" }
  labels      = { a = "$${x}" }
  extra-hosts = { a = "$${x}" }
  annotations = ["a=$${x}"]
}
