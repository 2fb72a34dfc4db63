target "default" { output = ["type=image,name=a", "./out"] }
