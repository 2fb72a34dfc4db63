"""The attributes of a bake target as those of a build of ours: other names, absolute paths.

What cannot be said here is an error at its place; what makes no difference to the result is a
warning. Nothing is dropped in silence.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from envdplan.dialects.bake import paths
from envdplan.dialects.bake.exports import attestation, caches, outputs
from envdplan.dialects.bake.expressions import literal, place, reference
from envdplan.dialects.bake.inheritance import Resolved
from envdplan.dialects.bake.links import PREFIX
from envdplan.dialects.bake.placed import Content, Placed, listed
from envdplan.dialects.bake.platforms import platform
from envdplan.dialects.bake.request import Request
from envdplan.dialects.bake.sessions import agents, secrets
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceRange
from envdplan.language.syntax.document import Expression, Literal, ObjectOf

Made: TypeAlias = Iterator[tuple[str, Expression]]

_SAME: Final = {
    "args": "args",
    "dockerfile-inline": "dockerfile_inline",
    "entitlements": "entitlements",
    "extra-hosts": "extra_hosts",
    "labels": "labels",
    "network": "network",
    "no-cache": "no_cache",
    "pull": "pull",
    "shm-size": "shm_size",
    "tags": "tags",
    "target": "target",
    "ulimits": "ulimits",
}
"""bake's names and ours of what means the same."""

_IMPOSSIBLE: Final = {
    "policy": "A build here has no policy for its sources. Remove it, or build this target with "
    "bake.",
    "resources": "The resources of a build cannot be limited here; limit those of its builder.",
}


@dataclass(frozen=True, slots=True)
class Mapper:
    """Maps targets of one request."""

    request: Request
    diagnostics: Diagnostics

    def attributes(self, target: Resolved, *, linked: bool) -> Made:
        """Names and values, in the order of our own documentation."""
        contents = target.contents
        yield from self._source(target)
        for name, content in contents.items():
            if name in _SAME and not _is_empty(content):
                yield _SAME[name], literal(content)
            elif name in _IMPOSSIBLE:
                self._refuse(
                    "Not supported by envdplan", _IMPOSSIBLE[name], place(content, target.range)
                )
        for name, make in _OTHERS.items():
            if contents.get(name):
                yield from make(self, contents[name])
        yield from self._outputs(target, linked=linked)

    def _source(self, target: Resolved) -> Made:
        content = target.contents.get("context")
        one = content if isinstance(content, Placed) else Placed(".", target.range)
        if one.value == "-" or self._elsewhere(str(one.value)):
            detail = (
                f'The context of "{target.name}" is {one.value}, but a build here reads a '
                "directory of this machine. Clone or unpack it, and name the directory."
            )
            self._refuse("Context is not a directory", detail, one.range)
        directory = paths.absolute(str(one.value), self.request.directory)
        yield "path", Literal(directory, one.range)
        file, inline = (target.contents.get(one) for one in ("dockerfile", "dockerfile-inline"))
        if isinstance(file, Placed) and file.value and _is_empty(inline):
            yield "dockerfile", Literal(self._dockerfile(file), file.range)

    def _elsewhere(self, context: str) -> bool:
        schemes = (PREFIX, "docker-image:", paths.LAYOUT)
        return paths.is_remote(context) or context.startswith(schemes)

    def _dockerfile(self, file: Placed) -> str:
        if file.value == "-" or paths.is_remote(file.value):
            detail = f"The Dockerfile is {file.value}, but it must be a file of this machine."
            self._refuse("Dockerfile is not a file", detail, file.range)
        if str(file.value).startswith(paths.CWD):
            return paths.absolute(file.value, self.request.directory)
        return str(file.value)

    def _call(self, content: Content) -> Made:
        if isinstance(content, Placed) and content.value not in ("", "build"):
            detail = (
                f'A target with call = "{content.value}" makes no image, so there is nothing to '
                "plan here. Run it with bake."
            )
            self._refuse("Not supported by envdplan", detail, content.range)
        yield from ()

    def _contexts(self, content: Content) -> Made:
        given = content.items() if isinstance(content, Mapping) else ()
        items = [(Literal(key, one.range), self._context(one)) for key, one in given]
        if items:
            yield "contexts", ObjectOf(tuple(items), items[0][1].range)

    def _context(self, one: Placed) -> Expression:
        """`target:NAME` becomes the reference `build.NAME`, a directory absolute."""
        text = str(one.value)
        if text.startswith(PREFIX):
            return reference("build", text.removeprefix(PREFIX), one.range)
        if text.startswith(paths.LAYOUT):
            layout = paths.absolute(text.removeprefix(paths.LAYOUT), self.request.directory)
            return Literal(f"{paths.LAYOUT}{layout}", one.range)
        if self._elsewhere(text):
            return Literal(text, one.range)
        return Literal(paths.absolute(text, self.request.directory), one.range)

    def _annotations(self, content: Content) -> Made:
        pairs: dict[str, tuple[Expression, Expression]] = {}
        for one in listed(content):
            key, equals, value = str(one.value).partition("=")
            if not equals:
                detail = f'The annotation "{one.value}" is not KEY=VALUE.'
                self._refuse("Invalid annotation", detail, one.range)
            for level in _levels(key):
                pairs[level] = (Literal(level, one.range), Literal(value, one.range))
        yield "annotations", ObjectOf(tuple(pairs.values()), place(content, None))

    def _platforms(self, content: Content) -> Made:
        own = self.request.local_platform
        found = (Placed(platform(one.value, own), one.range) for one in _split(content))
        yield "platforms", literal(tuple(found))

    def _stages(self, content: Content) -> Made:
        yield "no_cache_filter", literal(tuple(_split(content)))

    def _caches(self, content: Content, name: str) -> Made:
        found = tuple(caches(listed(content), self.request.directory, self.diagnostics))
        if found:
            yield name, literal(found)

    def _cache_from(self, content: Content) -> Made:
        yield from self._caches(content, "import_cache")

    def _cache_to(self, content: Content) -> Made:
        yield from self._caches(content, "export_cache")

    def _secrets(self, content: Content) -> Made:
        yield "secret", literal(secrets(content, self.request))

    def _ssh(self, content: Content) -> Made:
        yield "ssh", literal(agents(content, self.request))

    def _attests(self, content: Content) -> Made:
        kept = [one for one in listed(content) if not one.value.get("disabled")]
        if kept:
            yield "attest", literal(tuple(attestation(one, self.diagnostics) for one in kept))

    def _outputs(self, target: Resolved, *, linked: bool) -> Made:
        given = listed(target.contents.get("output"))
        if linked:  # only its result is wanted, by those that take it as a context
            given = (Placed({"type": "cacheonly"}, target.range),)
        tags = target.contents.get("tags")
        made = outputs(given, self.request.directory, self.diagnostics, named=bool(tags))
        if made.entries:
            yield "output", literal(made.entries)
        if made.names:
            yield "tags", literal(made.names)

    def _refuse(self, summary: str, detail: str, range: SourceRange) -> None:
        self.diagnostics.error(summary, detail, range)


_OTHERS: Final[Mapping[str, Callable[[Mapper, Content], Made]]] = {
    "annotations": Mapper._annotations,  # noqa: SLF001  a table of its own methods
    "platforms": Mapper._platforms,  # noqa: SLF001
    "no-cache-filter": Mapper._stages,  # noqa: SLF001
    "contexts": Mapper._contexts,  # noqa: SLF001
    "cache-from": Mapper._cache_from,  # noqa: SLF001
    "cache-to": Mapper._cache_to,  # noqa: SLF001
    "secret": Mapper._secrets,  # noqa: SLF001
    "ssh": Mapper._ssh,  # noqa: SLF001
    "attest": Mapper._attests,  # noqa: SLF001
    "call": Mapper._call,  # noqa: SLF001
}


def _is_empty(content: Content | None) -> bool:
    """Whether an attribute says nothing; an empty string says no more than none."""
    return content is None or content in ((), {}) or getattr(content, "value", None) == ""


def _split(content: Content) -> Iterator[Placed]:
    """Entries in which commas part several: buildx splits them when it builds, not in --print."""
    for one in listed(content):
        for part in str(one.value).split(","):
            yield Placed(part, one.range)


def _levels(key: str) -> list[str]:
    """`index,manifest:KEY` as one key for each level."""
    levels, colon, rest = key.partition(":")
    if not colon or "," not in levels:
        return [key]
    return [f"{level}:{rest}" for level in levels.split(",")]
