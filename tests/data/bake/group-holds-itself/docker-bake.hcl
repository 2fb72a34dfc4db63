group "default" { targets = ["default", "g"] }
group "g" { targets = ["default", "x"] }
target "x" {}
target "default" {}
