"""Where State is kept: a file, or memory for tests."""
