"""Build secrets for the builder: only declared ones, read when they are asked for.

The service is moby.buildkit.secrets.v1.Secrets.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from google.protobuf.message import DecodeError

from envdplan.clients.buildkit.proto import secrets_pb2
from envdplan.clients.buildkit.request import SecretSource
from envdplan.clients.buildkit.session.services import Abort, Services, Stream
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.logs import hide

LARGEST_SECRET: Final = 500 * 1024
"""Bytes; BuildKit's own limit (session/secrets/secretsprovider)."""

_INVALID_ARGUMENT: Final = 3
_NOT_FOUND: Final = 5
_FAILED_PRECONDITION: Final = 9


def secrets(
    sources: Iterable[SecretSource],
    environment: Mapping[str, str] = os.environ,
    *,
    refused: Callable[[str], None] = lambda _: None,
) -> Services:
    """The Secrets service. `refused` hears the id of each secret that was asked for but not
    declared; the builder is told that it does not exist, as BuildKit's own client does.
    """
    by_id = {source.id: source for source in sources}

    def get_secret(stream: Stream) -> None:
        wanted = _wanted(stream)
        source = by_id.get(wanted)
        if source is None:
            refused(wanted)
            raise Abort(_NOT_FOUND, f"secret {wanted!r} is not declared for this build")
        data = _checked(source, _read(source, environment))
        hide([data.decode("utf-8", "replace")])
        stream.send([secrets_pb2.GetSecretResponse(data=data).SerializeToString()])

    return {"/moby.buildkit.secrets.v1.Secrets/GetSecret": get_secret}


def check_source(source: SecretSource, environment: Mapping[str, str]) -> None:
    """Whether the secret can be read now. Raises EnvdplanError: its build would fail."""
    try:
        _checked(source, _read(source, environment))
    except Abort as error:
        detail = f"{error.message[:1].upper()}{error.message[1:]}. Set it, or correct its source."
        raise EnvdplanError("Secret cannot be read", detail) from None


def _checked(source: SecretSource, data: bytes) -> bytes:
    if len(data) > LARGEST_SECRET:
        raise _unusable(source, f"is larger than {LARGEST_SECRET} bytes")
    return data


def _wanted(stream: Stream) -> str:
    try:
        return secrets_pb2.GetSecretRequest.FromString(stream.receive() or b"").ID
    except DecodeError:
        raise Abort(_INVALID_ARGUMENT, "the message cannot be read") from None


def _read(source: SecretSource, environment: Mapping[str, str]) -> bytes:
    """The secret's bytes, and one more than allowed at most."""
    if source.value is not None:
        return source.value
    if source.env is not None:
        value = environment.get(source.env)
        if value is None:
            raise _unusable(
                source, f"comes from the environment variable {source.env}, which is not set"
            )
        return os.fsencode(value)
    if source.file is None:
        raise _unusable(source, "has no source")
    return _read_file(source, Path(source.file))


def _read_file(source: SecretSource, path: Path) -> bytes:
    if not path.is_file():
        raise _unusable(source, f"comes from {path}, which is not a file")
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_SECRET + 1)
    except OSError as error:
        raise _unusable(source, f"cannot be read from {path}: {error.strerror}") from None


def _unusable(source: SecretSource, why: str) -> Abort:
    return Abort(_FAILED_PRECONDITION, f"secret {source.id!r} {why}")
