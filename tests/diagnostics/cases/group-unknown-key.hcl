build "train" { for_each = toset(["3.11", "3.12"]) }
group "old" { members = [build.train["3.10"]] }
