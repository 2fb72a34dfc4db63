build "x" {
  output {
    type = "ocii"
  }
}
