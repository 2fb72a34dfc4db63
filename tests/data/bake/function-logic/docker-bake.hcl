target "default" {
  args = {
    and   = and(true, false)
    or    = or(true, false)
    not   = not(true)
    equal = equal(1, 1)
    types = equal("1", 1)
    ne    = notequal("a", "b")
    gt    = greaterthan(2, 1)
    ge    = greaterthanorequalto(2, 2)
    lt    = lessthan(2, 1)
    le    = lessthanorequalto(2, 2)
    can   = can(parseint("x", 10))
    try   = try(parseint("x", 10), "no")
    conv  = jsonencode(convert(["1"], list(number)))
    if    = true ? 1 : "x"
  }
}
