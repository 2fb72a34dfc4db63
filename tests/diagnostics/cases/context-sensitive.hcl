variable "secret" {
  default   = "10.0.0.1:1234"
  sensitive = true
}

builder "b" {
  type    = "tcp"
  address = var.secret
}

context "plain" {
  name            = var.secret
  builder         = "tcp"
  builder_address = var.secret
}

context "linked" {
  builder = builder.b
}

context "meant" {
  builder         = "tcp"
  builder_address = nonsensitive(var.secret)
}
