"""Images as data, and the stream of messages that pulls and pushes answer with."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from envdplan.clients.docker.reply import Reply
from envdplan.ground.diagnostics import EnvdplanError, Refused, Unreachable


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """An image that the engine keeps; `size` in bytes."""

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    """`repository@sha256:...`, known of images that were pulled or pushed."""
    os: str
    architecture: str
    variant: str
    size: int
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ImageProgress:
    """A message of a pull or push; `layer` is empty for those about the whole. Bytes, or 0."""

    layer: str
    status: str
    current: int
    total: int


OnProgress = Callable[[ImageProgress], None]


def image_info(reply: Reply) -> ImageInfo:
    """The answer of GET /images/{name}/json."""
    return ImageInfo(
        id=reply.text("Id"),
        tags=reply.texts("RepoTags"),
        digests=reply.texts("RepoDigests"),
        os=reply.text("Os"),
        architecture=reply.text("Architecture"),
        variant=reply.text("Variant"),
        size=reply.number("Size"),
        labels=reply.part("Config").table("Labels"),
    )


def follow(messages: Iterable[object], action: str, on_progress: OnProgress) -> list[Reply]:
    """Report all messages; the results among them (`aux`). Raises EnvdplanError for an error.

    The stream is read to its end in any case, so that its connection can be used again.
    """
    results, errors = [], []
    for message in map(Reply.of, messages):
        if error := _error(message):
            errors.append(error)
        elif "aux" in message.value:
            results.append(message.part("aux"))
        else:
            on_progress(_progress(message))
    if errors:
        raise failure(errors[0], action)
    return results


def _error(message: Reply) -> str:
    return message.part("errorDetail").text("message") or message.text("error")


def _progress(message: Reply) -> ImageProgress:
    detail = message.part("progressDetail")
    status = message.text("status") or message.text("stream").strip()
    return ImageProgress(
        message.text("id"), status, detail.number("current"), detail.number("total")
    )


_NETWORK: Final = (
    "connection refused",
    "connection reset",
    "no such host",
    "i/o timeout",
    "timeout exceeded",
    "deadline exceeded",
    "no route to host",
    "network is unreachable",
)
"""What Go's net package says; the engine hands on registries' errors as text only."""


def is_network_failure(said: str) -> bool:
    """Whether an engine's words mean that it could not connect to something."""
    return any(words in said for words in _NETWORK)


def failure(said: str, action: str) -> EnvdplanError:
    """An error that a registry or the engine reported inside of a stream."""
    said = said.strip().rstrip(".")
    if is_network_failure(said):
        return Unreachable(
            "Engine cannot reach the registry",
            f"The engine did not {action}: {said}. It is the engine's host that connects, not "
            "this machine: check its network, proxy and DNS.",
        )
    return Refused("Registry refuses the engine's request", f"The engine did not {action}: {said}.")
