locals {
  a = "%{ when true }x%{ endwhen }"
}
