target "default" { tags = setunion(["b"], ["a", "b"]) }
