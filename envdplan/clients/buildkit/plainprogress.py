"""BuildKit's plain progress, as programs print it that have no other, read back into events.

`#4 [1/2] FROM x`, `#4 0.123 a line of its log`, `#4 DONE 0.2s`, `#4 CACHED`, `#4 ERROR: why`
(moby/buildkit, util/progress/progressui/printer.go).
"""

import re
import time
from collections.abc import Iterator
from typing import Final

from envdplan.clients.buildkit.progress import Log, Progress, Vertex

_LINE: Final = re.compile(r"#(\d+) (.*)")
_DONE: Final = re.compile(r"DONE \d+(?:\.\d+)?s")
_LOGGED: Final = re.compile(r"(\d+\.\d+) (.*)")
_PUSHED: Final = re.compile(r"pushing manifest for (\S+?)@(sha256:[0-9a-f]{64})")
_EXPORTED: Final = re.compile(r"exporting manifest(?: list)? (sha256:[0-9a-f]{64})")


class PlainProgress:
    """Remembers the steps, and the digest of the image that was exported."""

    def __init__(self) -> None:
        self.digest: str | None = None
        self._names: dict[str, tuple[str, float]] = {}

    def feed(self, line: str) -> Iterator[Progress]:
        """The events of one line; none for what is not BuildKit's."""
        for pattern in (_PUSHED, _EXPORTED):
            if match := pattern.search(line):
                self.digest = match.groups()[-1]
                break
        if match := _LINE.fullmatch(line.strip()):
            yield from self._step(*match.groups())

    def _step(self, number: str, text: str) -> Iterator[Progress]:
        if number not in self._names:
            self._names[number] = (text, time.time())
            yield self._vertex(number)
        elif _DONE.fullmatch(text):
            yield self._vertex(number, ended=True)
        elif text == "CACHED":
            yield self._vertex(number, ended=True, cached=True)
        elif text.startswith("ERROR"):
            yield self._vertex(number, ended=True, error=text.partition(":")[2].strip() or text)
        elif match := _LOGGED.fullmatch(text):
            yield Log(number, 1, match.group(2).encode() + b"\n")

    def _vertex(
        self, number: str, *, ended: bool = False, cached: bool = False, error: str = ""
    ) -> Vertex:
        name, started = self._names[number]
        return Vertex(number, name, started, time.time() if ended else None, cached, error)
