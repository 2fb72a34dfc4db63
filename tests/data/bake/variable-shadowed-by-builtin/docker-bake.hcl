variable "BAKE_LOCAL_PLATFORM" { default = "x" }
target "default" { args = { A = BAKE_LOCAL_PLATFORM, B = BAKE_CMD_CONTEXT } }
