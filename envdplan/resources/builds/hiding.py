"""What a builder tells of a build, without the build's sensitive values.

BuildKit writes arguments into the names of steps (`RUN curl -H $TOKEN` as it runs), steps print
what they were given, and some builders put arguments into what they report at the end.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from envdplan.clients.buildkit import progress
from envdplan.core.engine.protocols import Reporter
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.values import Attributes, Sensitive, Value, replace_parts, walk

SIGN: Final = str(Sensitive(None))
_SHORT: Final = 4
"""Shorter values are replaced only where they stand alone: they are parts of too many words."""


@dataclass(frozen=True, slots=True)
class Hiding:
    """Replaces values by their sign."""

    pattern: "re.Pattern[str]"
    bytes_pattern: "re.Pattern[bytes]"

    def text(self, text: str) -> str:
        """`text` without the values."""
        return self.pattern.sub(SIGN, text)

    def told(self, detail: object) -> object:
        """The same progress without the values."""
        match detail:
            case progress.Vertex():
                return replace(detail, name=self.text(detail.name), error=self.text(detail.error))
            case progress.Status():
                return replace(detail, id=self.text(detail.id))
            case progress.Log():
                data = self.bytes_pattern.sub(SIGN.encode(), detail.data)
                return replace(detail, data=data)
            case progress.Warning():
                lines = tuple(map(self.text, detail.detail))
                return replace(detail, short=self.text(detail.short), detail=lines)
        return detail

    def reporter(self, report: Reporter) -> Reporter:
        """Tells to `report` all but the values."""

        def tell(message: str = "", detail: object | None = None) -> None:
            report(self.text(message), self.told(detail))

        return tell

    def results(self, attributes: Attributes) -> Attributes:
        """What is to be recorded, without the values in what the builder reports."""
        metadata = replace_parts(attributes.get("metadata"), self._part)
        return {**attributes, "metadata": metadata}

    def _part(self, part: Value) -> Value:
        return self.text(part) if isinstance(part, str) else part

    @contextmanager
    def errors(self) -> Iterator[None]:
        """What goes wrong is told without the values."""
        try:
            yield
        except EnvdplanError as error:
            error.summary, error.detail = self.text(error.summary), self.text(error.detail)
            error.args = tuple(self._part(one) for one in error.args)
            raise


def hiding(attributes: Attributes) -> Hiding | None:
    """What hides the sensitive values in `attributes`; None where there are none."""
    values = sorted(set(_lines(attributes)), key=len, reverse=True)
    if not values:
        return None
    text = "|".join(map(_pattern, values))
    return Hiding(re.compile(text), re.compile(text.encode("utf-8", "surrogateescape")))


def _lines(attributes: Attributes) -> Iterator[str]:
    """Every line of every sensitive text: a builder tells line by line."""
    for _, part in walk(attributes):
        if isinstance(part, Sensitive):
            for _, inner in walk(part.value):
                if isinstance(inner, str):
                    yield from (line.strip() for line in inner.splitlines() if line.strip())


def _pattern(value: str) -> str:
    found = re.escape(value)
    return found if len(value) >= _SHORT else rf"(?<!\w){found}(?!\w)"
