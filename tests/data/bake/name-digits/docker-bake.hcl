target "3-x_Y" {}
target "-" {}
