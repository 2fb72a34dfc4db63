"""Docker's config.json as data: which entry or helper holds the credential of a host."""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from envdplan.clients.registry.credentials.credential import (
    Credential,
    IdentityToken,
    Login,
    RegistryToken,
)
from envdplan.ground import jsontext
from envdplan.ground.diagnostics import CorruptFile
from envdplan.ground.imagenames import canonical_host

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class DockerConfig:
    """The parts of config.json that concern credentials. `name` is the file, for messages."""

    name: str
    auths: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)
    helpers: Mapping[str, str] = field(default_factory=dict)
    store: str | None = None

    def helper(self, host: str) -> str | None:
        """The suffix of the credential helper for `host`: its own, else the common one."""
        return _by_host(self.helpers, host) or self.store

    def credential(self, host: str) -> Credential | None:
        """The credential that the file itself holds for `host`. Raises CorruptFile."""
        entry = _by_host(self.auths, host)
        return None if entry is None else _credential(entry, host, self.name)


def decode(text: str, name: str) -> DockerConfig:
    """Read config.json. Raises CorruptFile; unknown keys are Docker's business."""
    try:
        document = jsontext.loads(text)
    except ValueError as error:
        raise _corrupt(name, f"it is not JSON ({_where(error)})") from None
    auths = _table(document, "auths", name)
    helpers = _table(document, "credHelpers", name)
    store = document.get("credsStore")
    return DockerConfig(
        name,
        {host: entry for host, entry in auths.items() if isinstance(entry, dict)},
        {host: suffix for host, suffix in helpers.items() if isinstance(suffix, str)},
        store if isinstance(store, str) and store else None,
    )


def _where(error: ValueError) -> str:
    """The place of a JSON error, without the text around it, which may be a secret."""
    return (
        f"line {error.lineno}, column {error.colno}"
        if isinstance(error, json.JSONDecodeError)
        else "its encoding is wrong"
    )


def _table(document: object, key: str, name: str) -> dict[str, object]:
    if not isinstance(document, dict):
        raise _corrupt(name, "it holds no JSON object")
    table = document.get(key) or {}
    if not isinstance(table, dict):
        raise _corrupt(name, f"its {key!r} is not a JSON object")
    return table


def _by_host(table: Mapping[str, _T], host: str) -> _T | None:
    """The entry of `host`: by its own name first, else by any name or URL that means it."""
    if host in table:
        return table[host]
    wanted = canonical_host(host)
    return next((item for key, item in table.items() if canonical_host(key) == wanted), None)


def _credential(entry: Mapping[str, object], host: str, name: str) -> Credential | None:
    """A token wins over a login, as in Docker's own clients (docker/cli, types.AuthConfig)."""
    if token := _text(entry, "registrytoken"):
        return RegistryToken(token)
    if token := _text(entry, "identitytoken"):
        return IdentityToken(token)
    if encoded := _text(entry, "auth"):
        return _login(encoded, host, name)
    username, password = _text(entry, "username"), _text(entry, "password")
    return Login(username, password) if username and password else None


def _login(encoded: str, host: str, name: str) -> Login:
    try:
        text = b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _corrupt(name, f"the auth of {host!r} is not base64 text") from None
    username, colon, password = text.partition(":")
    if not colon:
        raise _corrupt(name, f"the auth of {host!r} does not hold user:password")
    return Login(username, password.strip("\0"))


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _corrupt(name: str, why: str) -> CorruptFile:
    return CorruptFile(
        "Docker configuration file cannot be read",
        f"The file {name} should hold Docker's registry credentials, but {why}. Fix it, or move "
        "it away and run `docker login` again.",
    )
