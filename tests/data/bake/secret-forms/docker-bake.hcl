target "default" { secret = ["id=a,src=docker-bake.hcl", "type=env,id=b,src=HOME", { id = "c", env = "HOME" }, "id=d,source=docker-bake.hcl", "type=file,id=e,src=docker-bake.hcl"] }
