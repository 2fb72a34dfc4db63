build "x" {
  output {
    type = "oci"
    tar  = false
    dest = "a"
  }
  output {
    type = "docker"
    tar  = false
    dest = "b"
  }
}
