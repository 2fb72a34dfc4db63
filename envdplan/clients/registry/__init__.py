"""OCI registries: digests, tags, manifests.

`reference` reads names and is light; `reader` and `writer` bring the HTTP client along, which
itself waits for the first request before it imports urllib3.
"""

from envdplan.clients.registry.answers import Existence, Found, Missing, Unclear
from envdplan.clients.registry.hosts import HostSettings
from envdplan.ground.imagenames import ImageReference, InvalidReference, is_digest, parse_reference

__all__ = [
    "Existence",
    "Found",
    "HostSettings",
    "ImageReference",
    "InvalidReference",
    "Missing",
    "Unclear",
    "is_digest",
    "parse_reference",
]
