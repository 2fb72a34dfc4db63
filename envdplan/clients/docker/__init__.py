"""The Docker Engine: endpoints, the API client, hijacked connections."""
