"""Kubernetes: its API server over the official client's own connections, and commands in pods."""
