target "default" { secret = ["id=a,path=x"] }
