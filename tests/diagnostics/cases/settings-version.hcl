envdplan {
  required_version = ">= 99"
}
