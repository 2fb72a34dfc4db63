group = "x"
function = "y"
target "default" {}
