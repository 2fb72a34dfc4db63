build "x" {
  frontend = "docker/dockerfile:1"
  syntax   = "docker/dockerfile:1"
  args     = { BUILDKIT_SYNTAX = "docker/dockerfile:1" }
}
build "y" {
  from     = "build.envd:build"
  frontend = "docker/dockerfile:1"
  tags     = ["localhost:5000/y:1"]
}
