"""Source files: which count, in which order, and what is in them."""
