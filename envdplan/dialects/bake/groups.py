"""Groups: names for targets and other groups."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from envdplan.dialects.bake import placed
from envdplan.dialects.bake.decoding import wrong
from envdplan.dialects.bake.matrix import check_name
from envdplan.dialects.bake.placed import Placed
from envdplan.dialects.bake.targets import check_names
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.linear import BadExpression, compiled
from envdplan.ground.source import SourceRange
from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Context
from envdplan.language.evaluation.expressions import EvaluationError, evaluate
from envdplan.language.evaluation.problems import ConversionError, NameUnknown, failure
from envdplan.language.syntax.document import Block
from envdplan.language.types.conversion import to_string

_ATTRIBUTES: Final = ("targets", "description")
_PART: Final = re.compile(r"\[\^?[^\]]*\]|\\.|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Group:
    """A group with its members as the file has them."""

    name: str
    members: tuple[Placed, ...]
    range: SourceRange
    description: str = ""


def group(block: Block, context: Context, diagnostics: Diagnostics) -> Group:
    """The group that `block` declares. Raises EvaluationError."""
    check_names(block, "group", _ATTRIBUTES, diagnostics)
    check_name(block.labels[0], block.range)
    members = block.body.attributes.get("targets")
    if members is None:
        detail = 'A group needs targets, a list such as ["app", "db"].'
        raise failure("Missing attribute", detail, block.range)
    value = evaluate(members.expression, context)
    value = () if value is None else value
    if not isinstance(value, tuple):
        raise wrong("targets", "a list of names", members.expression.range)
    listed = [_name(one) for one in placed.items(value, members.expression)]
    description = block.body.attributes.get("description")
    text = "" if description is None else evaluate(description.expression, context)
    return Group(block.labels[0], _distinct(listed), block.range, str(text or ""))


def _name(one: Placed) -> Placed:
    try:
        return Placed(to_string(one.value), one.range)
    except ConversionError as error:
        raise failure("Wrong type", f'For "targets", {error.message}.', one.range) from None


def _distinct(members: Iterable[Placed]) -> tuple[Placed, ...]:
    first: dict[str, Placed] = {}
    for one in members:
        first.setdefault(one.value, one)
    return tuple(first.values())


@dataclass(slots=True)
class Groups:
    """All groups, evaluated when they are asked for."""

    blocks: Mapping[str, Block]
    context: Context
    diagnostics: Diagnostics
    _known: dict[str, Group] = field(default_factory=dict)

    def get(self, name: str) -> Group:
        """The group called `name`. Raises EvaluationError."""
        if name not in self._known:
            self._known[name] = group(self.blocks[name], self.context, self.diagnostics)
        return self._known[name]

    def attribute(self, name: str) -> Value:
        """See Namespace: `group.NAME` is an object."""
        if name not in self.blocks:
            raise NameUnknown(name, self.names())
        one = self.get(name)
        targets = tuple(member.value for member in one.members)
        return {"description": one.description, "name": name, "targets": targets}

    def names(self) -> Iterable[str]:
        """See Namespace."""
        return tuple(self.blocks)

    def all(self) -> Iterator[Group]:
        """Every group that can be read; what is wrong with the others is told."""
        for name in self.blocks:
            try:
                yield self.get(name)
            except EvaluationError as error:
                self.diagnostics.extend([error.diagnostic])


def with_generated(
    groups: Iterable[Group], labels: Mapping[str, list[str]], places: Mapping[str, SourceRange]
) -> dict[str, Group]:
    """`groups`, and one for the label of every matrix; a declared group of that name counts."""
    made = {one.name: one for one in groups}
    for label, names in labels.items():
        if names != [label]:
            members = tuple(Placed(name, places[name]) for name in names)
            made.setdefault(label, Group(label, members, places[names[0]]))
    return made


def members(name: str, groups: Mapping[str, Group]) -> tuple[list[Placed], list[str]]:
    """The targets behind a group, through other groups too, and the groups on the way.

    A group that holds itself means the target of that name.
    """
    targets: dict[str, Placed] = {}
    seen: dict[str, None] = {}
    _follow(name, groups, targets, seen, ())
    return list(targets.values()), list(seen)


def _follow(
    name: str,
    groups: Mapping[str, Group],
    targets: dict[str, Placed],
    seen: dict[str, None],
    path: tuple[str, ...],
) -> None:
    seen[name] = None
    for one in groups[name].members:
        if one.value in (*path, name) or one.value not in groups:
            targets.setdefault(one.value, one)
        elif one.value not in seen:
            _follow(one.value, groups, targets, seen, (*path, name))


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that fit a pattern with `*`, `?` and `[...]`. Raises ValueError for a bad one."""
    try:
        found = compiled(_translated(pattern))
    except BadExpression as error:
        raise ValueError(f'"{pattern}" is not a pattern ({error})') from None
    return [name for name in names if found.fullmatch(name)]


def _translated(pattern: str) -> str:
    """As Go's path.Match."""
    pieces: list[str] = []
    for part in _PART.findall(pattern):
        if part[0] == "[" and len(part) > 1:
            pieces.append(part)
        else:
            pieces.append({"*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part.removeprefix("\\"))))
    return "".join(pieces)
