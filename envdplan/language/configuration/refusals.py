"""Names of attributes and blocks that nobody knows: what was meant instead."""

from collections.abc import Iterable, Mapping
from typing import Final

from envdplan.ground.diagnostics import Diagnostics, nearest
from envdplan.language.evaluation.problems import suggestion
from envdplan.language.syntax.document import Body

_ELSEWHERE: Final[Mapping[str, str]] = {
    "count": "for_each",
    "matrix": "for_each",
    "cache_from": "import_cache",
    "cache_to": "export_cache",
    "build_args": "args",
    "buildargs": "args",
    "dest": "output",
    "outputs": "output",
    "driver": "type",
    "endpoint": "address",
    "provisioner": "builder",
    "resource": "builder",
    "target": "build",
    "terraform": "envdplan",
    "settings": "envdplan",
    "func": "function",
    "default_value": "default",
    "error": "error_message",
    "secrets": "secret",
}
"""Words of Terraform, bake and Compose, and what stands for them here."""


def meant(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that is meant by `name`, if any can be."""
    names = list(known)
    if (other := _ELSEWHERE.get(name.replace("-", "_"))) in names:
        return other
    return nearest(name, names)


def hint(name: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?`, else all that there are."""
    names = list(known)
    one = meant(name, names)
    if one is not None:
        return f' Did you mean "{one}"?'
    return f" It has: {', '.join(names)}." if names else ""


def refuse_unknown(
    what: str,
    body: Body,
    attributes: Iterable[str],
    diagnostics: Diagnostics,
    blocks: Iterable[str] = (),
) -> frozenset[str]:
    """Complain about what `body`, called `what`, cannot hold.

    The names that were meant, so that nobody misses them as well.
    """
    known, kinds = list(attributes), list(blocks)
    found: set[str | None] = set()
    for name, attribute in body.attributes.items():
        if name not in known and name not in kinds:  # YAML writes blocks as attributes
            detail = f'{what} has no attribute "{name}".{hint(name, known)}'
            diagnostics.error("Unknown attribute", detail, attribute.name_range)
            found.add(meant(name, known))
    for block in body.blocks:
        if block.type not in kinds:
            words = hint(block.type, kinds) if kinds else suggestion(block.type, known)
            detail = f'{what} has no block "{block.type}".{words}'
            diagnostics.error("Unknown block type", detail, block.range)
            found.add(meant(block.type, [*kinds, *known]))
    return frozenset(one for one in found if one is not None)
