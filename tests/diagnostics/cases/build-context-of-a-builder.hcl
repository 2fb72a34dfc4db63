builder "ci" { type = "docker-container" }
build "x" {
  contexts = {
    base = builder.ci
  }
}
