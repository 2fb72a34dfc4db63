locals {
  a = tonumber("three")
}
