target "a" { context = "https://github.com/docker/buildx.git#master:sub" }
target "b" { context = "git@github.com:docker/buildx.git" }
