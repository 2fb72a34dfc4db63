a = "1"
b = "${a}2"
c = { x = b, y = [1, 2] }
target "default" { args = { A = b, B = c.x, C = c.y[1] } }
