builder "b" {
  type = "moby-worker"
}
output "o" {
  value = builder.b.adress
}
