group "default" { targets = ["g", "a"] }
group "g" { targets = ["b", "h"] }
group "h" { targets = ["c"] }
target "a" {}
target "b" {}
target "c" {}
