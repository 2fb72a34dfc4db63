"""Images that a Dockerfile names itself, as far as its text tells them without being evaluated."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from envdplan.frontends.base import Source

_FROM: Final = re.compile(
    r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*([^\s$]+)[ \t]*(?:AS\b|$)", re.IGNORECASE | re.MULTILINE
)
_COPY: Final = re.compile(
    r"^[ \t]*(?:COPY|RUN)\b.*?[ ,]-?-?from=([^\s,$]+)", re.IGNORECASE | re.MULTILINE
)
_LARGEST: Final = 1024 * 1024
"""Bytes; nobody writes longer ones."""


def bases(source: Source) -> Iterator[str]:
    """Names of images, names of stages among them. Nothing where the file cannot be read."""
    text = source.inline if source.inline is not None else _text(source.definition)
    for pattern in (_FROM, _COPY):
        yield from pattern.findall(text)


def _text(path: str | None) -> str:
    if path is None:
        return ""
    try:
        with Path(path).open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""
