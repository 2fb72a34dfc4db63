build "app" {}
output "o" { value = context.app.name }
