"""The envd CLI's own files: its context store."""
