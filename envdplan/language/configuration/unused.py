"""What is declared and never used, mostly because a rename or a removal left it behind."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Final, TypeAlias

from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceRange
from envdplan.language.configuration.config import Declarations, Declared
from envdplan.language.evaluation.references import CALL, Path, references
from envdplan.language.syntax.document import Attribute, Body

_MEANT: Final = "_"
"""What a name begins with that is unused on purpose."""

_PARAMETERS: Final = frozenset({"params", "variadic_params"})
_SUMMARIES: Final = {
    "var": "Unused variable",
    "local": "Unused local",
    CALL: "Unused function",
    "template": "Unused template",
}

Owner: TypeAlias = tuple[str, str]
"""What a mention stands in, as a path: `("var", "registry")`."""


@dataclass(slots=True)
class _Search:
    """Those that nothing has mentioned yet."""

    left: dict[Owner, SourceRange]
    by_root: dict[str, list[Owner]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.left:
            self.by_root.setdefault(one[0], []).append(one)

    def mentioned(self, path: Path, owner: Owner | None) -> None:
        """`path` stands in the block of `owner`. A root alone, as a value, means all its names."""
        whole = self.by_root.get(path[0], []) if len(path) == 1 else [(path[0], path[1])]
        for one in whole:
            if one != owner:
                self.left.pop(one, None)


def unused(declared: Declarations, given: Collection[str] = ()) -> Diagnostics:
    """A warning for each name that nothing uses.

    Variables that are `given` a value by a file or flag are none: the value has to be declared.
    """
    search = _Search(dict(_candidates(declared, given)))
    for owner, body in _bodies(declared):
        if not search.left:
            break
        for path in _mentions(body):
            search.mentioned(path, owner)
    diagnostics = Diagnostics()
    for (root, name), place in search.left.items():
        diagnostics.warn(_SUMMARIES[root], _detail(root, name), place)
    return diagnostics


def _candidates(
    declared: Declarations, given: Collection[str]
) -> Iterator[tuple[Owner, SourceRange]]:
    blocks = {"var": declared.variables, CALL: declared.functions, "template": declared.templates}
    for root, named in blocks.items():
        for name, block in named.items():
            if not name.startswith(_MEANT) and not (root == "var" and name in given):
                yield (root, name), block.range
    for name, attribute in declared.locals.items():
        if not name.startswith(_MEANT):
            yield ("local", name), attribute.name_range


def _bodies(declared: Declarations) -> Iterator[tuple[Owner | None, Body]]:
    """All that is declared, of whatever sort; a new sort of block is looked through as well."""
    roots = {"variables": "var", "functions": CALL, "templates": "template"}
    for one in fields(declared):
        found = getattr(declared, one.name)
        root = roots.get(one.name)
        blocks = found.values() if isinstance(found, Mapping) else found
        for block in blocks if one.name not in ("module", "called") else ():
            yield (root, block.name) if root else None, _body(block)


def _body(block: Declared | Attribute) -> Body:
    return Body({block.name: block}) if isinstance(block, Attribute) else block.body


def _mentions(body: Body) -> Iterator[Path]:
    for name, attribute in body.attributes.items():
        if name not in _PARAMETERS:
            yield from (path for path, _ in references(attribute.expression))
    for block in body.blocks:
        yield from _mentions(block.body)


def _detail(root: str, name: str) -> str:
    word = _SUMMARIES[root].removeprefix("Unused ")
    again = f'call it "_{name}"' if root == "var" else f"rename it to _{name}"
    return f'Nothing uses the {word} "{name}". Remove it, or {again} if this is intended.'
