build "a" {
  lifecyle {
    prevent_destroy = true
  }
}
