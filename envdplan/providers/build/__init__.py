"""Builds: what is there already, and what makes it."""
