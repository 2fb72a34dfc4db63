target "default" { output = ["./out"] }
