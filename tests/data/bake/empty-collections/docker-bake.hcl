target "default" {
  args     = {}
  contexts = {}
  tags     = []
  output   = []
  attest   = []
}
