target "default" {
  args = {
    add      = add(1, 2)
    subtract = subtract(3, 1)
    multiply = multiply(2, 3)
    divide   = divide(6, 4)
    modulo   = modulo(-5, 4)
    negate   = negate(2)
    absolute = absolute(-2)
    ceil     = ceil(1.2)
    floor    = floor(-1.2)
    int      = int(-1.7)
    max      = max(1, 5, 3)
    min      = min(4, 1)
    pow      = pow(2, 10)
    log      = log(8, 2)
    signum   = signum(-3)
    parseint = parseint("ff", 16)
    rest     = -5 % 4
  }
}
