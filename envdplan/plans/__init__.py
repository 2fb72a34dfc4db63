"""What has to change, and in which order."""
