buidler "b" {
  type = "unix"
}
