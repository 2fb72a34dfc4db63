"""The name under which a builder keeps what it was sent, from one build to the next."""

import json
import socket
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final

from envdplan.clients.buildkit.request import LocalDirectory

_MACHINE_ID: Final = Path("/etc/machine-id")


def shared_key(directories: Iterable[LocalDirectory]) -> str:
    """Names this machine and all `directories` with the names that a build gives them.

    What a builder keeps under one key it takes for an earlier state of the same folder: neither
    builds with other folders under the same names nor other machines may share it. A digest,
    since a builder has no business with paths of this machine.
    """
    folders = sorted((one.name, one.path) for one in directories)
    text = json.dumps([_machine(), folders], ensure_ascii=True)
    return sha256(text.encode()).hexdigest()


def _machine() -> tuple[str, str]:
    """Clones may share their id, and containers have none: the name of the host counts too."""
    try:
        id = _MACHINE_ID.read_text().strip()
    except (OSError, ValueError):
        id = ""
    return id, socket.gethostname()
