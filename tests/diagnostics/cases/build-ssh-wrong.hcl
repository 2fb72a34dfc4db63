build "x" {
  ssh = ["=key"]
}
build "y" {
  ssh {
    paths = ["key"]
  }
}
build "z" {
  ssh {
    id  = "git"
    key = "key"
  }
}
