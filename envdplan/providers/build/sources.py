"""The files of builds as inputs; their digests are kept from run to run."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from envdplan.diagnostics import EnvdplanError
from envdplan.frontends.base import NamedDirectory, Source
from envdplan.plans.inputs import SENSITIVE, entries_digest
from envdplan.states.observed import Input

if TYPE_CHECKING:
    from envdplan.files.statcache import StatCache

_CACHE: Final = Path("envdplan", "files")


@dataclass(frozen=True, slots=True)
class Found:
    """What is in a source, and one digest of all of it."""

    files: tuple[Input, ...]
    digest: str


class Sources:
    """Reads sources; equal ones are read once in a run, files that did not change not at all.

    The cache lies in XDG_CACHE_HOME or ~/.cache; without either nothing is kept.
    """

    def __init__(
        self, environment: Mapping[str, str], versions: Mapping[str, Callable[[], str]]
    ) -> None:
        self._environment, self._versions = environment, versions
        self._folder = _folder(environment)
        self._lock = threading.Lock()
        self._known: dict[Source, tuple[float, Found]] = {}
        """By source: when it was read, and what was found."""
        self._caches: dict[str, StatCache] = {}

    def inputs(self, source: Source, *, age: float = math.inf) -> Found:
        """Every file of `source` as an input, as of at most `age` seconds ago.

        Raises EnvdplanError when it cannot be read.
        """
        with self._lock:
            known = self._known.get(source)
        if known is not None and known[0] + age > time.monotonic():
            return known[1]
        files = self._read(source)
        found = Found(files, entries_digest(files))
        with self._lock:
            self._known[source] = (time.monotonic(), found)
        return found

    def _read(self, source: Source) -> tuple[Input, ...]:
        from envdplan.files.digest import entries
        from envdplan.files.ignore import read_ignore

        if not Path(source.directory).is_dir():
            raise EnvdplanError(
                "There is no such source directory", f"{source.directory} is no directory."
            )
        definition = () if _is_left_out(source) else (_definition(source),)
        hidden = None if source.definition is None else _inside(source)
        excluded = read_ignore(source.ignore_files)
        cache = self._cache(source.directory)
        found = entries(source.directory, excluded, cache)
        files = (Input(*one) for one in found if one[1] != hidden)
        named = (one for each in source.contexts for one in self._context(each))
        return (*definition, *self._tool(source), *files, *named)

    def _context(self, context: NamedDirectory) -> Iterator[Input]:
        """What a further context holds: files, or an image."""
        from envdplan.files.digest import entries
        from envdplan.files.ignore import read_ignore

        if context.layout:
            from envdplan.buildkit.ocilayout import OciLayout

            yield Input("context-image", context.name, OciLayout("", context.directory).digest())
            return
        if not Path(context.directory).is_dir():
            raise EnvdplanError(
                "There is no such context directory",
                f"contexts.{context.name}: {context.directory} is no directory.",
            )
        excluded = read_ignore((f"{context.directory}/.dockerignore",))
        for kind, path, digest in entries(
            context.directory, excluded, self._cache(context.directory)
        ):
            yield Input(f"context-{kind}", f"{context.name}:{path}", digest)

    def _tool(self, source: Source) -> Iterator[Input]:
        """The version of the command that builds, and its settings."""
        from envdplan.files.digest import file_digest

        if source.tool is None:
            return
        version = self._versions[source.tool]()
        yield Input("tool", source.tool, _text_digest(version))
        settings = Path(self._environment.get("HOME", "/root"), ".config/envd/config.envd")
        if settings.is_file() and settings.stat().st_size:
            yield Input("settings", settings.name, file_digest(str(settings.resolve())))

    def forget(self) -> None:
        """Read everything anew when it is asked for next: a build wrote files here."""
        with self._lock:
            self._known.clear()

    def close(self) -> None:
        """Keep the digests for the next run."""
        with self._lock:
            for cache in self._caches.values():
                cache.save()

    def _cache(self, root: str) -> "StatCache | None":
        from envdplan.files.statcache import StatCache

        if self._folder is None:
            return None
        with self._lock:
            if root not in self._caches:
                self._caches[root] = StatCache(self._folder, root)
            return self._caches[root]


def _text_digest(text: str) -> str:
    from hashlib import blake2b

    return blake2b(text.encode(), digest_size=16).hexdigest()


def _is_left_out(source: Source) -> bool:
    return source.optional and not Path(source.definition or "").is_file()


def _definition(source: Source) -> Input:
    """The Dockerfile, wherever it is, by its content alone."""
    from envdplan.files.digest import file_digest

    if source.definition is None:
        digest = SENSITIVE if source.hidden else _text_digest(source.inline or "")
        return Input("dockerfile", "(inline)", digest)
    if not Path(source.definition).is_file():
        what = "build.envd" if source.tool == "envd" else "Dockerfile"
        raise EnvdplanError(f"There is no {what}", f"{source.definition} is no file.")
    name = _inside(source) or Path(source.definition).name
    return Input("dockerfile", name, file_digest(str(Path(source.definition).resolve())))


def _inside(source: Source) -> str | None:
    """The Dockerfile's path in the source, None when it lies outside."""
    try:
        return Path(source.definition or "").relative_to(source.directory).as_posix()
    except ValueError:
        return None


def _folder(environment: Mapping[str, str]) -> Path | None:
    base = environment.get("XDG_CACHE_HOME")
    if base:
        return Path(base) / _CACHE
    home = environment.get("HOME")
    return Path(home) / ".cache" / _CACHE if home else None


def signature(path: str) -> str | None:
    """What tells whether a result is the one that was made: size and time; None if it is gone."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return "directory" if Path(path).is_dir() else f"{found.st_size} bytes, {found.st_mtime_ns}"
