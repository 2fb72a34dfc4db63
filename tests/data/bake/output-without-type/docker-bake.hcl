target "default" { output = ["dest=x,push=true"] }
