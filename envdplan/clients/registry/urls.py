"""URLs that other sides name to us: read without trust."""

from urllib.parse import urljoin, urlsplit

_DEFAULT_PORTS = {"https": 443, "http": 80}


def origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port (RFC 6454) of an http or https URL; None for anything else, and
    for URLs that carry a user's name.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme]


def joined(base: str, location: str) -> str:
    """What `location` means seen from `base`; "" when it means nothing."""
    try:
        return urljoin(base, location)
    except ValueError:
        return ""
