"""Directories as a builder sees them: ignore patterns, walks, digests."""
