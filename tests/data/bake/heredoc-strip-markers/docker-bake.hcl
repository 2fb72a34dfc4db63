L = ["a", "b"]
V = "v"

target "default" {
  args = {
    list = <<-EOT
    %{ for x in L ~}
    - ${x}
    %{ endfor ~}
    EOT

    # ~} takes the rest of its line and the line end, and stops there
    right = <<EOT
${V ~}   
   next
EOT

    # ${~ takes blanks of its own line only; at the beginning of a line the end of the one before
    left = <<EOT
one
    ${~ V}
two  
${~ V}
EOT

    # what follows a line end that ~} took is no beginning of a line
    joined = <<-EOT
      x ${V ~}
          deep
      y
    EOT

    # lines of blanks alone do not count and keep their blanks
    blank = <<-EOT
      a
  
      b
    EOT

    # behind a lone $ and one blank the line end is a piece of its own
    sign = <<EOT
$ 
${~ V}
EOT

    quoted = "a\n  ${~ V ~}  \n b"
  }
}
