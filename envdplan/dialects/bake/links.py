"""Targets as contexts of other targets: `contexts = { base = "target:base" }`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from envdplan.dialects.bake.inheritance import Resolved
from envdplan.dialects.bake.placed import Placed, listed
from envdplan.language.evaluation.problems import failure, suggestion

PREFIX: Final = "target:"


def linked(target: Resolved) -> Iterator[Placed]:
    """The names of the targets that are contexts of this one."""
    contexts = target.contents.get("contexts")
    for one in contexts.values() if isinstance(contexts, Mapping) else ():
        if str(one.value).startswith(PREFIX):
            yield Placed(str(one.value).removeprefix(PREFIX), one.range)


@dataclass(slots=True)
class Links:
    """Follows the links of targets, each once."""

    found: dict[str, Resolved]
    """Those that were asked for; grows by those that they are linked to."""
    resolve: Callable[[str], Resolved]
    names: Mapping[str, object]
    _done: set[str] = field(default_factory=set)

    def follow(self, name: str, path: tuple[str, ...] = ()) -> None:
        """Find the targets that `name` is linked to. Raises EvaluationError.

        The rights of a linked target are needed by those that use it.
        """
        path = (*path, name)
        for link in linked(self.found[name]):
            _check(link, path, self.names)
            if link.value not in self.found:
                self.found[link.value] = self.resolve(link.value)
            if link.value not in self._done:
                self.follow(link.value, path)
            other = self.found[link.value]
            self.found[name] = _with_rights(self.found[name], other)
            _check_platforms(self.found[name], other, link)
        self._done.add(name)


def _check(link: Placed, path: tuple[str, ...], names: Mapping[str, object]) -> None:
    if link.value not in names:
        hint = suggestion(link.value, names)
        detail = f'There is no target "{link.value}" to take as a context.{hint}'
        raise failure("Unknown target", detail, link.range)
    if link.value in path:
        drawn = " -> ".join((*path[path.index(link.value) :], link.value))
        detail = f"These targets use each other as contexts: {drawn}."
        raise failure("Reference cycle", detail, link.range)


def _with_rights(target: Resolved, other: Resolved) -> Resolved:
    own, needed = (listed(one.contents.get("entitlements")) for one in (target, other))
    known = {one.value for one in own}
    more = tuple(one for one in needed if one.value not in known)
    if not more:
        return target
    contents = {**target.contents, "entitlements": (*own, *more)}
    return Resolved(target.name, contents, target.range)


def _check_platforms(target: Resolved, other: Resolved, link: Placed) -> None:
    own, offered = (_platforms(one) for one in (target, other))
    missing = [one for one in own if one not in offered]
    if len(own) > 1 and len(offered) > 1 and missing:
        detail = (
            f"{target.name} is built for {', '.join(missing)}, but {other.name}, its context, is "
            "not. Build the context for all platforms of the target."
        )
        raise failure("Missing platform", detail, link.range)


def _platforms(target: Resolved) -> list[str]:
    return [one.value for one in listed(target.contents.get("platforms"))]
