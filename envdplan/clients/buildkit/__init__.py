"""The BuildKit client: Control API, session, progress."""
