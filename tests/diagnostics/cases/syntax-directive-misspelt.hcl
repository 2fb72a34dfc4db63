locals {
  a = "%{ if true }x%{ edif }"
}
