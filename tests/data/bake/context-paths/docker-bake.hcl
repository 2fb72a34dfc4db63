target "a" { context = "./x//y/../z/" }
target "b" { context = "/abs/./x" }
target "c" { context = ".." }
target "d" { context = "cwd://x/./y" }
