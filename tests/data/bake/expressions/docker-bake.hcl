list = ["a", "b"]
object = { x = 1, y = 2 }
target "default" {
  args = {
    each    = jsonencode([for i, v in list : "${i}${v}"])
    map     = jsonencode({ for k, v in object : upper(k) => v * 2 if v > 1 })
    splat   = jsonencode([{ n = "a" }, { n = "b" }][*].n)
    if      = "%{ if true }yes%{ else }no%{ endif }"
    loop    = "%{ for v in list }<${v}>%{ endfor }"
    heredoc = <<-EOT
      a
        b
    EOT
    not     = !true
    cond    = 1 < 2 && 2 < 3 ? "a" : "b"
    third   = 1 / 4
  }
}
