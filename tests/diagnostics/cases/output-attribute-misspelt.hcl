output "o" {
  vale = 1
}
