"""The engine's definite "there is no such thing"."""

from envdplan.ground.diagnostics import Refused


class Missing(Refused):
    """A container, volume, image or path that the engine says it does not have (HTTP 404)."""
