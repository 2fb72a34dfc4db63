"""Image frontends: attributes of a build to a SolveRequest."""
