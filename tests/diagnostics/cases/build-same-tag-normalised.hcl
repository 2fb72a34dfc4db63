build "a" { tags = ["app"] }
build "b" { tags = ["docker.io/library/app:latest"] }
