build "x" {
  contexts = {
    Base    = "."
    context = "."
    bake    = "target:base"
    typo    = "dockerimage://alpine"
    ftp     = "ftp://example.org/a.tar"
    upper   = "docker-image://Alpine"
  }
}
