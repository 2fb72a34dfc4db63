"""The files of builds as inputs; their digests are kept from run to run."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from envdplan.clients.buildkit.request import LocalDirectory
from envdplan.core.plan.inputs import SENSITIVE, entries_digest
from envdplan.core.state.observed import Input
from envdplan.ground.diagnostics import Conflict, EnvdplanError
from envdplan.ground.files_on_disk import cache_folder
from envdplan.ground.reading import is_dir, is_file
from envdplan.resources.builds.frontends.base import NamedDirectory, Source

if TYPE_CHECKING:
    from os import stat_result

    from envdplan.clients.buildkit.session.filesync import Content
    from envdplan.clients.buildkit.tree.digest import Entry
    from envdplan.clients.buildkit.tree.ignore import Place
    from envdplan.clients.buildkit.tree.statcache import StatCache

_CACHE: Final = "files"
_IGNORE: Final = ".dockerignore"
"""The end of names that a builder may ask for though they are left out themselves."""
_NOT_PLANNED: Final = ""
_PLAIN: Final = "-"
"""How the digest of a file begins that may not be executed."""

Contents: TypeAlias = dict[str, dict[str, str]]
"""Digests of files by the folder and by the path in it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is in a source, and one digest of all of it."""

    files: tuple[Input, ...]
    digest: str
    contents: Contents = field(default_factory=dict, repr=False)
    """What a builder must get: nothing else may be sent than what was found."""


class Sources:
    """Reads sources; equal ones are read once in a run, files that did not change not at all.

    The cache lies in XDG_CACHE_HOME or ~/.cache; without either it is for this run only.
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
        contents: Contents = {}
        files = self._read(source, contents)
        found = Found(files, entries_digest(files), contents)
        with self._lock:
            self._known[source] = (time.monotonic(), found)
        return found

    def content(self, planned: Contents) -> "Content":
        """Digests of files for who sends a source in which `planned` was found.

        Raises Conflict for a file that is not as it was then: the image would hold something else
        than its digest of inputs says. A file that was not there then is not sent: mostly another
        build is just writing its result.
        """
        from envdplan.clients.buildkit.tree.digest import content_digest

        caches: dict[str, StatCache] = {}

        def digest(directory: LocalDirectory, path: str, found: "stat_result") -> str | None:
            root = directory.path or ""
            then = planned[root].get(path) if root in planned else _NOT_PLANNED
            if then is None and directory.name != "dockerfile" and not path.endswith(_IGNORE):
                return None
            cache = caches.get(root) or caches.setdefault(root, self.cache(root))
            now = content_digest(root, path, found, cache)
            if then not in (None, _NOT_PLANNED, now):
                raise _changed(f"{root}/{path}")
            return now

        return digest

    def _read(self, source: Source, contents: Contents) -> tuple[Input, ...]:
        if not is_dir(source.directory):
            raise EnvdplanError(
                "Source directory not found",
                f"{source.directory} is not a directory. Correct the path of the build, or make "
                "the directory. In files of bake and Compose paths start where envdplan runs: "
                "use -C DIR for those of another directory.",
            )
        definition = () if _is_left_out(source) else (_definition(source, contents),)
        files = self._files(source, contents)
        named = (one for each in source.contexts for one in self._context(each, contents))
        return (*definition, *self._tool(source), *files, *named)

    def _files(self, source: Source, contents: Contents) -> Iterator[Input]:
        """What is in the source itself.

        The Dockerfile counts by its content already; but whether it is in the source too, and as
        what, shows in an image that copies all of it.
        """
        definition = None if source.definition is None else _in_source(source)
        is_there = False
        entries = self._entries(source.directory, source.ignore_files, source.results, contents)
        for kind, path, digest in entries:
            is_there = is_there or path == definition
            if path != definition or kind != "file" or not digest.startswith(_PLAIN):
                yield Input(kind, path, digest)
        if definition is not None and not is_there and not _is_left_out(source):
            yield Input("left-out", definition, "ignored")

    def _entries(
        self, root: str, ignores: "tuple[Place, ...]", results: tuple[str, ...], contents: Contents
    ) -> "Iterator[Entry]":
        from envdplan.clients.buildkit.tree.digest import entries
        from envdplan.clients.buildkit.tree.ignore import folders_above, read_ignore

        digests = contents.setdefault(root, {})
        excluded = read_ignore(ignores, results)
        for entry in entries(root, excluded, self.cache(root), folders_above(results)):
            kind, path, digest = entry
            if kind == "file":
                digests[path] = digest[1:]
            yield entry

    def _context(self, context: NamedDirectory, contents: Contents) -> Iterator[Input]:
        """What a further context holds: files, or an image."""
        from envdplan.clients.buildkit.tree.ignore import NAME, Place

        if context.layout:
            from envdplan.clients.buildkit.session.ocilayout import OciLayout

            yield Input("context-image", context.name, OciLayout("", context.directory).digest())
            return
        root = context.directory
        if not is_dir(root):
            raise EnvdplanError(
                "Directory of a named context not found",
                f"contexts.{context.name}: {root} is not a directory.",
            )
        places = (Place(root, NAME),)
        for kind, path, digest in self._entries(root, places, context.results, contents):
            yield Input(f"context-{kind}", f"{context.name}:{path}", digest)

    def _tool(self, source: Source) -> Iterator[Input]:
        """The version of the command that builds, and its settings."""
        from envdplan.clients.buildkit.tree.digest import file_digest

        if source.tool is None:
            return
        version = self._versions[source.tool]()
        yield Input("tool", source.tool, _text_digest(version))
        settings = Path(self._environment.get("HOME", "/root"), ".config/envd/config.envd")
        if is_file(settings) and settings.stat().st_size:
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

    def cache(self, root: str) -> "StatCache":
        """Digests of files below `root` that are known."""
        from envdplan.clients.buildkit.tree.statcache import StatCache

        with self._lock:
            if root not in self._caches:
                self._caches[root] = StatCache(self._folder, root)
            return self._caches[root]


def _text_digest(text: str) -> str:
    from hashlib import blake2b

    return blake2b(text.encode(), digest_size=16).hexdigest()


def _is_left_out(source: Source) -> bool:
    return source.optional and not is_file(source.definition or "")


def _definition(source: Source, contents: Contents) -> Input:
    """The Dockerfile, wherever it is, by its content alone."""
    from envdplan.clients.buildkit.tree.digest import file_digest

    if source.definition is None:
        digest = SENSITIVE if source.hidden else _text_digest(source.inline or "")
        return Input("dockerfile", "(inline)", digest)
    path = Path(source.definition)
    place = _place(path, follow=source.tool is not None)
    digest = file_digest(str(place))
    if place.is_relative_to(path.parent):
        contents.setdefault(str(path.parent), {})[str(place.relative_to(path.parent))] = digest
    return Input("dockerfile", _inside(source) or path.name, digest)


def _place(path: Path, *, follow: bool) -> Path:
    """Where a definition lies: links are followed as the builder does, inside of its folder.

    With `follow` they are followed anywhere, as commands of this machine do.
    """
    from envdplan.clients.buildkit.tree.inside import resolved

    what, by = ("build.envd", "from") if follow else ("Dockerfile", "dockerfile")
    if not is_file(path):
        detail = f"{path} is not a file. Write it, or name another one by {by}."
        raise EnvdplanError(f"{what} not found", detail)
    if follow:
        return path.resolve()
    place = path.parent / (resolved(str(path.parent), path.name) or "")
    if not place.is_file() or not place.samefile(path):
        raise EnvdplanError(
            "Dockerfile links out of its folder",
            f"{path} is a link that leads out of its folder, to {path.resolve()}. A builder "
            "gets no files from outside the folder: name the file itself with dockerfile.",
        )
    return place


def _changed(path: str) -> Conflict:
    return Conflict(
        "Inputs changed since the plan was made",
        f"{path} changed since the plan. The build was stopped: its image would not be the "
        "planned one. Plan again.",
    )


def _inside(source: Source) -> str | None:
    """The Dockerfile's path in the source, None when it lies outside."""
    try:
        return Path(source.definition or "").relative_to(source.directory).as_posix()
    except ValueError:
        return None


def _in_source(source: Source) -> str | None:
    """As _inside, by whatever way the path leads there: through `..` it may lead out as well."""
    return _inside(replace(source, definition=normpath(source.definition or "")))


def _folder(environment: Mapping[str, str]) -> Path | None:
    folder = cache_folder(environment)
    return folder / _CACHE if folder is not None else None
