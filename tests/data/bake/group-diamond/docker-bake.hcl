group "default" { targets = ["g", "h"] }
group "g" { targets = ["x"] }
group "h" { targets = ["x", "b"] }
group "x" { targets = ["a"] }
target "a" {}
target "b" {}
