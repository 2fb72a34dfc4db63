"""`--set TARGET.KEY[.NAME][+]=VALUE`: read, matched with targets, laid over their attributes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from envdplan.dialects.bake.decoding import entries
from envdplan.dialects.bake.exporting import with_load, with_push
from envdplan.dialects.bake.fields import Contents, join
from envdplan.dialects.bake.groups import matching
from envdplan.dialects.bake.outside import to_bool
from envdplan.dialects.bake.placed import Items, Placed, listed
from envdplan.ground.source import Position, SourceFile, SourceRange
from envdplan.language.evaluation.problems import failure, suggestion

_FIELD_OF: Final = {"platform": "platforms", "secrets": "secret"}
"""Keys that are not called as the attribute is."""

_TEXTS: Final = ("context", "dockerfile", "target", "call", "shm-size", "network")
_FLAGS: Final = ("pull", "no-cache")
_MAPS: Final = ("args", "labels", "contexts", "extra-hosts")
_LISTS: Final = ("tags", "platform", "no-cache-filter", "ulimits", "annotations", "entitlements")
_ENTRIES: Final = ("cache-from", "cache-to", "output", "secrets", "ssh", "attest")
_ALWAYS_MORE: Final = ("annotations", "entitlements", "attest")
"""Lists that an override only adds to, whether with `+=` or `=`."""

_OUTPUTS: Final = ("push", "load")
KEYS: Final = (*_TEXTS, *_FLAGS, *_MAPS, *_LISTS, *_ENTRIES, *_OUTPUTS)


@dataclass(slots=True)
class Override:
    """All that is set for one key of a target; the last `=` or `+=` decides between them."""

    key: str
    name: str
    """Of the member, for maps; else empty."""
    values: list[Placed] = field(default_factory=list)
    append: bool = False


Overrides = dict[str, dict[tuple[str, str], Override]]
"""By target, then by key and name."""


def read(texts: Iterable[str], names: Iterable[str], environment: Mapping[str, str]) -> Overrides:
    """The overrides of every target. Raises EvaluationError."""
    known = tuple(names)
    found: Overrides = {}
    for text in texts:
        left, equals, value = text.partition("=")
        place = _place(text)
        pattern, key, name = _split(left.removesuffix("+"), place)
        if not equals and key != "args":
            detail = f"--set {text}: it must be TARGET.KEY=VALUE."
            raise failure("Invalid override", detail, place)
        given = value if equals else environment.get(name)
        for target in _targets(pattern, known, place):
            if given is not None:  # an argument that the environment does not have is left alone
                one = found.setdefault(target, {}).setdefault((key, name), Override(key, name))
                one.values.append(Placed(given, place))
                one.append = left.endswith("+")
    return found


def _place(text: str) -> SourceRange:
    file = SourceFile("--set", text)
    return SourceRange(file, Position(1, 1), Position(1, len(text) + 1))


def _split(left: str, place: SourceRange) -> tuple[str, str, str]:
    pattern, dot, rest = left.partition(".")
    key, _, name = rest.partition(".")
    if not dot or key not in KEYS:
        hint = suggestion(key, KEYS) or f" Keys are: {', '.join(sorted(KEYS))}."
        what = f'there is no key "{key}".{hint}' if dot else "it must be TARGET.KEY=VALUE."
        raise failure("Invalid override", f"--set {place.file.text}: {what}", place)
    if (key in _MAPS) != bool(name):
        what = f"{key} needs a name: {key}.NAME" if key in _MAPS else f"{key} takes no name"
        raise failure("Invalid override", f"--set {place.file.text}: {what}.", place)
    return pattern, key, name


def _targets(pattern: str, names: tuple[str, ...], place: SourceRange) -> list[str]:
    if pattern in names:
        return [pattern]
    try:
        found = matching(pattern, names)
    except ValueError as error:
        raise failure("Invalid override", f"--set {place.file.text}: {error}.", place) from None
    if not found:
        detail = f'--set {place.file.text}: no target matches "{pattern}".'
        raise failure("Unknown target", f"{detail}{suggestion(pattern, names)}", place)
    return found


def apply(contents: Contents, overrides: Iterable[Override]) -> Contents:
    """`contents` with the overrides of a target. Raises EvaluationError.

    bake takes them in the random order of a Go map; here push and load come last, since they
    change the outputs that others set.
    """
    for one in sorted(overrides, key=lambda one: one.key in _OUTPUTS):
        contents = _applied(contents, one)
    return contents


def _applied(contents: Contents, one: Override) -> Contents:
    last = one.values[-1]
    name = _FIELD_OF.get(one.key, one.key)
    if one.key in _TEXTS:
        return {**contents, name: last}
    if one.key in _FLAGS:
        return {**contents, name: _flag(one)}
    if one.key in _MAPS:
        return join(contents, {name: {one.name: last}})
    if one.key in _OUTPUTS:
        return {**contents, "output": _exported(contents, one)}
    # bake forgets the values of ulimits and no-cache-filter, so that it clears both lists
    items = tuple(one.values)
    made = items if one.key in _LISTS else entries(name, items)
    if one.append or one.key in _ALWAYS_MORE:
        made = (*listed(contents.get(name)), *made)
    return {**contents, name: made}


def _flag(one: Override) -> Placed:
    last = one.values[-1]
    try:
        return Placed(to_bool(last.value), last.range)
    except ValueError as error:
        detail = f"--set {last.range.file.text}: {error}."
        raise failure("Invalid override", detail, last.range) from None


_EXPORTING: Final[Mapping[str, Callable[[Items, bool, SourceRange], Items]]] = {
    "push": with_push,
    "load": with_load,
}


def _exported(contents: Contents, one: Override) -> Items:
    flag = _flag(one)
    return _EXPORTING[one.key](listed(contents.get("output")), flag.value, flag.range)
