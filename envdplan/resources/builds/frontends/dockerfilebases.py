"""Which images a Dockerfile names: in FROM, COPY --from, RUN --mount=from and # syntax.

Only to know which logins a builder needs, so that it takes too many rather than too few: every
value that a variable may have counts, and what looks like a FROM in a heredoc counts too. The
instructions, flags and ${VAR:-word} are those of BuildKit's frontend (frontend/dockerfile/parser,
shell/lex.go).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path
from typing import Final

from envdplan.resources.builds.frontends.base import Source

_SYNTAX: Final = re.compile(r"\s*(?:#|//)\s*syntax\s*=\s*(\S+)", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"\s*#\s*escape\s*=\s*(\S)", re.IGNORECASE)
_FROM_FLAG: Final = re.compile(r"--from=(\S+)")
_MOUNT_FROM: Final = re.compile(r"--mount=\S*?\bfrom=([^,\s]+)")
_PLAIN: Final = re.compile(r"\$(\w+)")
_BRACED: Final = re.compile(r"(\w+)(:?[-+?]|[#%/].*)?(.*)", re.DOTALL)
_MOST: Final = 64
"""So many values of one name are looked at."""
_LARGEST: Final = 1024 * 1024
"""Bytes of a Dockerfile; nobody writes longer ones."""
_LONGEST: Final = 512
"""Characters; the name of an image has no more."""


def bases(found: Source, args: Mapping[str, str]) -> frozenset[str]:
    """The names of images in the Dockerfile of a source; none where it cannot be read."""
    text = found.inline if found.definition is None else _read(found.definition)
    return image_names(text or "", args)


def _read(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def image_names(text: str, args: Mapping[str, str]) -> frozenset[str]:
    """The names of images in a Dockerfile with these build arguments, stages left out."""
    found = _Bases(args)
    for line in _lines(text):
        found.read(line)
    syntax = {m[1] for line in text.splitlines()[:10] if (m := _SYNTAX.match(line))}
    return frozenset({*found.names, *syntax})


def _lines(text: str) -> Iterator[str]:
    """Instructions, with the lines that they go on over."""
    lines = text.splitlines()
    escapes = [found[1] for line in lines[:10] if (found := _ESCAPE.match(line))]
    end = escapes[0] if escapes else "\\"
    whole = ""
    for line in lines:
        if line.lstrip().startswith("#"):
            continue
        if line.rstrip().endswith(end):
            whole += f"{line.rstrip()[:-1]} "
            continue
        yield f"{whole}{line}".strip()
        whole = ""
    yield whole.strip()


@dataclass
class _Bases:
    """What was read so far."""

    args: Mapping[str, str]
    names: set[str] = field(default_factory=set)
    stages: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)
    """What a variable may be, by its name."""

    def read(self, line: str) -> None:
        """One instruction."""
        word, rest = _instruction(line)
        match word:
            case "ARG":
                self._argument(rest)
            case "FROM":
                self._stage([one for one in rest.split() if not one.startswith("--")])
            case "COPY" | "ADD":
                self._add(*_FROM_FLAG.findall(rest))
            case "RUN":
                self._add(*_MOUNT_FROM.findall(rest))

    def _argument(self, rest: str) -> None:
        for pair in rest.split():
            name, equals, default = pair.partition("=")
            given = {self.args[name]} if name in self.args else set[str]()
            if not given and equals:
                given = set(self._expanded(default.strip("\"'")))
            self.values.setdefault(name, set()).update(given)

    def _stage(self, words: list[str]) -> None:
        self._add(*words[:1])
        if len(words) > 2 and words[1].upper() == "AS":  # noqa: PLR2004  FROM image AS name
            self.stages.add(words[2].lower())

    def _add(self, *words: str) -> None:
        for word in words:
            for name in self._expanded(word.strip("\"'")):
                if name and not name.isdecimal() and name.lower() not in {*self.stages, "scratch"}:
                    self.names.add(name)

    def _expanded(self, word: str) -> list[str]:
        """All that a word may become."""
        if len(word) > _LONGEST:
            return []  # no name, and perhaps meant to keep us busy
        pieces = [sorted(piece) for piece in self._pieces(word)]
        return ["".join(one) for one in islice(product(*pieces), _MOST)]

    def _pieces(self, word: str) -> Iterator[set[str]]:
        at = 0
        while at < len(word):
            if word.startswith("${", at):
                end = _closing(word, at + 2)
                yield self._braced(word[at + 2 : end])
                at = end + 1
            elif found := _PLAIN.match(word, at):
                yield self.values.get(found[1]) or {""}
                at = found.end()
            else:
                end = word.find("$", at + 1)
                end = len(word) if end < 0 else end
                yield {word[at:end]}
                at = end

    def _braced(self, text: str) -> set[str]:
        """`NAME`, `NAME:-word`, `NAME:+word`; of patterns the value as it is."""
        match = _BRACED.fullmatch(text)
        if match is None:
            return {""}
        values = self.values.get(match[1]) or set()
        other = set(self._expanded(match[3])) if (match[2] or "?")[-1] in "-+" else set()
        return values | other or {""}


def _instruction(line: str) -> tuple[str, str]:
    """The instruction, and what follows; one for later builds counts as if it were run."""
    word, _, rest = line.partition(" ")
    while word.upper() == "ONBUILD":
        word, _, rest = rest.strip().partition(" ")
    return word.upper(), rest


def _closing(word: str, at: int) -> int:
    """Where the brace that was opened before `at` is closed, or the end."""
    depth = 1
    for place in range(at, len(word)):
        depth += {"{": 1, "}": -1}.get(word[place], 0)
        if depth == 0:
            return place
    return len(word)
