build "train" { for_each = toset(["3.11", "3.12"]) }
output "digest" { value = build.train.digest }
