"""A HOME for one run of envd, whose current context is the one that is wanted.

envd has no option for its context (1.3.6); it is whatever its store says. So it gets a store of
its own, and what else it looks for in a home is linked. The path is stable, because envd writes
it into the image's labels.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from envdplan.clients.envd.contextfile import encode
from envdplan.clients.envd.contexts import Context, ContextSet
from envdplan.clients.envd.storefile import make_directories, replace_store
from envdplan.ground.diagnostics import EnvdplanError

_LINKED: Final = (
    ".config/envd/id_rsa_envd",
    ".config/envd/id_rsa_envd.pub",
    ".config/envd/auth",
    ".config/envd/config.envd",
    ".config/envd/telemetry",
    ".config/containers",
    ".cache/envd",
    ".docker",
)
"""What envd and its libraries read below HOME, whatever their environment says."""


def private_home(folder: Path, name: str, context: Context, users: Mapping[str, str]) -> Path:
    """The home for the build `name`, with `context` as its only context.

    Raises EnvdplanError when it cannot be made.
    """
    home = folder / hashlib.sha256(name.encode()).hexdigest()[:16]
    store = home / ".config" / "envd" / "contexts"
    make_directories(store.parent)
    make_directories(home / ".cache")
    data = encode(ContextSet(context.name, (context,)))
    replace_store(store, data, unless=lambda: False)
    try:
        for path in _LINKED:
            _link(home / path, Path(users.get("HOME", "/root"), path))
    except OSError as error:
        raise EnvdplanError("Cannot make a home directory for envd", f"{home}: {error}.") from error
    return home


def _link(link: Path, target: Path) -> None:
    """What the user does not have, envd makes for itself, here."""
    if not target.exists():
        return
    if link.is_symlink():
        if link.readlink() == target:
            return
        link.unlink()
    elif link.exists():
        return
    with suppress(FileExistsError):  # another build of this context was faster
        link.symlink_to(target)
