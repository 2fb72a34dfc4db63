"""Builder types."""
