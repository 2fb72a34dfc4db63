"""Images of an engine: what it has, and moving them to and from registries and archives."""

import re
from collections.abc import Iterable, Sequence
from typing import IO, Final

from envdplan.clients.docker.containers import Doing
from envdplan.clients.docker.image import ImageInfo, ImageProgress, OnProgress, follow, image_info
from envdplan.clients.docker.missing import Missing
from envdplan.clients.docker.reply import Reply
from envdplan.clients.registry.credentials import (
    Credential,
    Credentials,
    FixedCredentials,
    IdentityToken,
    Login,
    RegistryToken,
)
from envdplan.ground.diagnostics import Refused
from envdplan.ground.imagenames import parse_reference

ANONYMOUS: Final = FixedCredentials()
_DIGEST: Final = re.compile(r": digest: (sha256:[0-9a-f]{64}) size: \d+$")
_LOADED: Final = ("Loaded image: ", "Loaded image ID: ")


def _ignore(_: ImageProgress) -> None:
    pass


class Images:
    """All methods raise Unreachable, Conflict or Refused (Missing when there is no such image)."""

    def __init__(self, doing: Doing) -> None:
        self._doing = doing

    def inspect(self, image: str) -> ImageInfo | None:
        """The image by name or id, or None when the engine says that it does not have it."""
        try:
            with self._doing(f'inspect the image "{image}"') as api:
                answer = api.inspect_image(image)  # type: ignore[no-untyped-call]  # no stub
        except Missing:
            return None
        return image_info(Reply.of(answer))

    def pull(
        self,
        image: str,
        credentials: Credentials = ANONYMOUS,
        on_progress: OnProgress = _ignore,
        platform: str | None = None,
    ) -> None:
        """Pull `image`; without a tag or digest, its tag `latest`."""
        action = f'pull the image "{image}"'
        with self._doing(action) as api:
            authentication = _authentication(image, credentials)
            messages = api.pull(
                image, stream=True, decode=True, auth_config=authentication, platform=platform
            )
            follow(messages, action, on_progress)

    def push(
        self,
        image: str,
        credentials: Credentials = ANONYMOUS,
        on_progress: OnProgress = _ignore,
    ) -> str:
        """Push `image` (name and tag) to the registry of its name; the manifest's digest."""
        action = f'push the image "{image}"'
        stated: list[str] = []

        def note(message: ImageProgress) -> None:
            stated.extend(_DIGEST.findall(message.status))
            on_progress(message)

        with self._doing(action) as api:
            authentication = _authentication(image, credentials)
            messages = api.push(image, stream=True, decode=True, auth_config=authentication)
            results = follow(messages, action, note)
        return _digest([*stated, *(one.text("Digest") for one in results)], action)

    def tag(self, image: str, name: str) -> None:
        """Give `image` the further `name`, which may have a tag."""
        reference = parse_reference(name)
        with self._doing(f'tag the image "{image}"') as api:
            api.tag(image, reference.repository, reference.tag)

    def remove(self, image: str, *, force: bool = False) -> bool:
        """Remove the name, and the image with its last one. Whether it was there."""
        try:
            with self._doing(f'remove the image "{image}"') as api:
                api.remove_image(image, force=force)
        except Missing:
            return False
        return True

    def load(
        self, archive: IO[bytes] | Iterable[bytes], on_progress: OnProgress = _ignore
    ) -> tuple[str, ...]:
        """Load an archive (of `docker save`, or OCI); names of its images, or ids of unnamed ones.

        The archive is read while it is sent, never held in memory.
        """
        names: list[str] = []

        def note(message: ImageProgress) -> None:
            names.extend(_loaded(message.status))
            on_progress(message)

        action = "load an archive of images"
        with self._doing(action) as api:
            messages = api.load_image(archive)  # type: ignore[no-untyped-call]  # no stub
            follow(messages, action, note)
        return tuple(names)


def _loaded(status: str) -> list[str]:
    return [status.removeprefix(words) for words in _LOADED if status.startswith(words)]


def _digest(found: Sequence[str], action: str) -> str:
    """The last one said: as a result of its own, or (with containerd's store) in a status."""
    if not any(found):
        raise Refused(
            "Engine reported no digest of its push",
            f"The engine was to {action} and reported no digest. Check the registry.",
        )
    return [one for one in found if one][-1]


def _authentication(image: str, credentials: Credentials) -> dict[str, str]:
    """The X-Registry-Auth of the Engine API. Never None: docker-py would look for its own."""
    host = parse_reference(image).host
    return authentication(credentials.for_host(host), host)


def authentication(credential: Credential | None, host: str) -> dict[str, str]:
    """The fields of the Engine API's AuthConfig; anonymous is none at all."""
    match credential:
        case Login(username, password):
            return {"username": username, "password": password, "serveraddress": host}
        case IdentityToken(value):
            return {"identitytoken": value, "serveraddress": host}
        case RegistryToken(value):
            return {"registrytoken": value, "serveraddress": host}
        case None:
            return {}
