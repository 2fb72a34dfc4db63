"""Where State is kept."""
