"""What the documents mean: variables, expressions, resources."""
