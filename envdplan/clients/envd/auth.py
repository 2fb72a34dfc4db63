"""envd's logins, as far as it is told who is logged in. Tokens are never read out.

Its file is Go gob: EnvdAuth{Current string; Auth []AuthConfig{Name, JWTToken string}} (envd 1.3.6,
pkg/types/auth.go).
"""

from collections.abc import Mapping
from pathlib import Path

from envdplan.clients.envd.gob import read
from envdplan.clients.envd.gobwire import CorruptGob
from envdplan.ground.reading import read_regular

_LARGEST = 1 << 20


def current_login(path: Path) -> str | None:
    """The name of who is logged in; None when nobody is, or the file cannot be read."""
    try:
        data = read_regular(path)[:_LARGEST]
        found = read(data).value
    except (OSError, CorruptGob):
        return None
    current = found.get("Current") if isinstance(found, Mapping) else None
    return current if isinstance(current, str) and current else None
