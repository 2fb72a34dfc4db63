locals {
  a = file("no-such-file.txt")
}
