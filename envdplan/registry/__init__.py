"""OCI registries: digests, tags, manifests."""
