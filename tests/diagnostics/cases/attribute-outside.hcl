registry = "localhost"
