names = ["a", "b"]
group "default" { targets = [for n in names : "app-${n}"] }
target "app-a" {}
target "app-b" {}
