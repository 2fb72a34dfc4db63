"""Attributes of a build that others see as they are, so that they cannot be sensitive."""

from collections.abc import Iterator, Mapping
from typing import Final

from envdplan.schema import Problem
from envdplan.values import AttributePath, Attributes, Sensitive, Value

_DECIDING: Final = (
    "from",
    "platforms",
    "push",
    "load",
    "output",
    "secret",
    "ssh",
    "attest",
    "timeout",
    "retries",
)
_SEEN: Final[Mapping[str, str]] = {
    "tags": "are names in a registry, in clear",
    "path": "is shown in messages, in clear",
    "dockerfile": "is shown in messages, in clear",
    "ignore_file": "is shown in messages, in clear",
    **dict.fromkeys(_DECIDING, "decides what envdplan does, and everybody sees that"),
}


def problems(attributes: Attributes) -> Iterator[Problem]:
    """Sensitive values where nothing could keep them hidden."""
    for name, why in _SEEN.items():
        for path in _sensitive(attributes.get(name), (name,)):
            yield path, "Sensitive value would be visible", _detail(name, why)
    outputs = attributes.get("output")
    for index, one in enumerate(outputs if isinstance(outputs, tuple) else ()):
        if isinstance(one, Mapping):
            for path in _sensitive(one.get("names"), ("output", index, "names")):
                detail = _detail("names", "are names in a registry, in clear")
                yield path, "Sensitive value would be visible", detail
            for path in _sensitive(one.get("dest"), ("output", index, "dest")):
                detail = _detail("dest", "is kept in the state, in clear")
                yield path, "Sensitive value would be visible", detail


def _detail(name: str, why: str) -> str:
    return f'"{name}" of a build {why}: use nonsensitive() to say that this is meant.'


def _sensitive(value: Value, path: AttributePath) -> Iterator[AttributePath]:
    if isinstance(value, Sensitive):
        yield path
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _sensitive(item, (*path, index))
