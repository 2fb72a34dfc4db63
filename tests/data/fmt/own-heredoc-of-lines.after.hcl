block "x" {
  text  = <<-EOT
    a
    ${jsonencode({
      a   =  1
    })}
    ${b}
    EOT
  after = 1
}
