n = ["a", "b"]
o = { k = "v" }
l = [{ a = [1] }, { a = [2] }]

target "default" {
  args = {
    index     = n [0]
    attribute = o . k
    key       = o [ "k" ]
    splat     = jsonencode(n[ * ])
    listed    = [for z in n : z] [1]
    old_splat = jsonencode(l . * . a)
    steps     = jsonencode(l [ * ] . a [0])
    number    = n . 0
    call      = upper ("a")
    comment   = o /* c */ . /* d */ k
    lines     = "${n
      [1]}"
  }
}
