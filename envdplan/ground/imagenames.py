"""Names of images as Docker reads them: `busybox`, `host:5000/team/app:1@sha256:...`.

The grammar and the defaults are those of distribution/reference (grammar in its reference.go,
defaults in normalize.go). All of envdplan reads names here, so that everybody means the same image.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

DOCKER_HUB: Final = "docker.io"
_FORMER_HUB: Final = "index.docker.io"
_HUB_NAMES: Final = frozenset(
    {DOCKER_HUB, _FORMER_HUB, "registry-1.docker.io", "registry.hub.docker.com"}
)

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[([0-9a-fA-F:.]+)\])(?::([0-9]{{1,5}}))?")
_PATH = re.compile(
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_HEX_NAME = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME: Final = 255
_LAST_PORT: Final = 65535


class InvalidReference(ValueError):
    """A text that names no image; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image in a registry: `host` and `path` name its repository, tag or digest the image.

    In full, as Docker has it: `busybox` has host docker.io, path library/busybox, tag latest; any
    other host stays as it is written. `digest` wins over `tag` where both are given.
    """

    host: str
    path: str
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"

    @property
    def repository(self) -> str:
        """Host and path, without tag and digest."""
        return f"{self.host}/{self.path}"

    @property
    def selector(self) -> str:
        """What the registry's API is asked for: the digest, else the tag, else `latest`."""
        return self.digest or self.tag or "latest"

    @property
    def identity(self) -> str:
        """The same text for all names of one image: hosts have aliases and no case."""
        host = canonical_host(self.host)
        path = self.path
        if host == DOCKER_HUB and "/" not in path:
            path = f"library/{path}"
        return str(replace(self, host=host, path=path))

    def at_digest(self, digest: str) -> "ImageReference":
        """The image with this digest in the same repository, without a tag."""
        return replace(self, tag=None, digest=digest)

    def at_tag(self, tag: str) -> "ImageReference":
        """The image under this tag in the same repository. Raises InvalidReference."""
        if not _TAG.fullmatch(tag):
            raise _bad_tag(tag, str(self))
        return replace(self, tag=tag, digest=None)


def parse_reference(text: str) -> ImageReference:
    """Read an image reference, as Docker does. Raises InvalidReference."""
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise InvalidReference(
            f"{text!r} does not name an image: behind the @ belongs a digest such as "
            "sha256: and 64 hexadecimal digits."
        )
    name, tag = _split_tag(rest)
    if tag is not None and not _TAG.fullmatch(tag):
        raise _bad_tag(tag, text)
    host, path = _split_host(name)
    _check_name(host, path, text)
    if tag is None and not at:
        tag = "latest"
    return ImageReference(host, path, tag, digest or None)


def full_name(text: str) -> str:
    """The name as builders and engines need it, as buildx sends it: `docker.io/library/app:latest`.

    BuildKit keeps names as they come, while an engine looks for full ones only. Raises
    InvalidReference.
    """
    return str(parse_reference(text))


def is_loopback(host: str) -> bool:
    """Whether `host` (a port may follow) is this machine: localhost, 127.0.0.0/8 or ::1."""
    import ipaddress

    name = host.partition("]")[0].removeprefix("[") if host.startswith("[") else host
    name = name if host.startswith("[") else name.partition(":")[0]
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def image_identity(text: str) -> str:
    """The same for all ways to write one image; the text itself where it names none."""
    try:
        return parse_reference(text).identity
    except InvalidReference:
        return text


def repository_of(text: str) -> str:
    """The repository as `text` writes it, without tag and digest: `app` of `app:1`."""
    return _split_tag(text.partition("@")[0])[0]


def canonical_host(server: str) -> str:
    """The host (and port) that `server` means; one name for all aliases of Docker Hub.

    `server` is a host or a key of Docker's config.json, which may be a URL
    (`https://index.docker.io/v1/`).
    """
    host = server.partition("://")[2] or server
    host = host.partition("/")[0].lower()
    return DOCKER_HUB if host in _HUB_NAMES else host


def is_digest(text: str) -> bool:
    """Whether `text` is a well-formed sha256 or sha512 digest."""
    return _DIGEST.fullmatch(text) is not None


def is_host(text: str) -> bool:
    """Whether `text` can be a registry's host, with or without a port."""
    match = _HOST.fullmatch(text)
    if match is None or len(text) > _LONGEST_NAME:
        return False
    address, port = match.groups()
    return (address is None or _is_ipv6(address)) and (port is None or 0 < int(port) <= _LAST_PORT)


def _is_ipv6(text: str) -> bool:
    import ipaddress  # slow to load, and few need it

    try:
        return ipaddress.IPv6Address(text).scope_id is None
    except ValueError:
        return False


def _split_tag(text: str) -> tuple[str, str | None]:
    """A colon is a tag's only in the last part; before, it is a port's."""
    slash, colon = text.rfind("/"), text.rfind(":")
    return (text[:colon], text[colon + 1 :]) if colon > slash else (text, None)


def _split_host(name: str) -> tuple[str, str]:
    """The first part is a host if it looks like one: a dot, a port, capitals, or localhost."""
    first, slash, rest = name.partition("/")
    looks_like_host = any(sign in first for sign in ".:") or first == "localhost"
    if not slash or not (looks_like_host or first != first.lower()):
        return DOCKER_HUB, name if slash else f"library/{name}"
    host = DOCKER_HUB if first == _FORMER_HUB else first
    return host, rest if "/" in rest or host != DOCKER_HUB else f"library/{rest}"


def _check_name(host: str, path: str, text: str) -> None:
    if not path.removeprefix("library/"):
        raise InvalidReference(f"{text!r} does not name an image: the name is empty.")
    if not is_host(host):
        raise InvalidReference(f"{text!r} does not name an image: {host!r} is not a registry host.")
    if path != path.lower():
        raise InvalidReference(
            f"{text!r} does not name an image: the repository must be lower case: {path.lower()!r}."
        )
    if not _PATH.fullmatch(path):
        raise InvalidReference(
            f"{text!r} does not name an image: {path!r} may hold lower-case letters, digits "
            "and single separators (., _, __ or -) between them."
        )
    if _HEX_NAME.fullmatch(path.removeprefix("library/")):
        raise InvalidReference(f"{text!r} is an image ID; a name in a registry is needed here.")
    if len(path) > _LONGEST_NAME:
        raise InvalidReference(f"{text!r} is too long: a repository has at most 255 characters.")


def _bad_tag(tag: str, text: str) -> InvalidReference:
    return InvalidReference(
        f"{text!r} does not name an image: the tag {tag!r} may hold up to 128 letters, digits, "
        "_, . and -, and starts with none of the last two."
    )
