"""Where modules come from: sources, their fetching, the lock file, and what is installed."""
