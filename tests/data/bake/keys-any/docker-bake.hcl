target "default" { args = { "x.y" = 1, 5 = 2, (upper("a")) = 3 } }
