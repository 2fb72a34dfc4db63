target "default" { output = ["./out", "-", "type=image,push=true,\"name=a,b\"", "type=local,dest=x", { type = "oci", dest = "x.tar", tar = false }, "type=registry", "type=tar,dest=y.tar"] }
