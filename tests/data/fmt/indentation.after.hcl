block "x" {
  a = 1
  inner "y" {
    list = [
      "a",
      ["b",
      "c"],
    ]
    map = {
      x = 1
      yyy = f(
        1,
        2
      )
    }
    call = f([{
      a = 1
      }, {
      b = 2
    }])
  }
}
locals {
  last_line_closes = [
  1]
}
