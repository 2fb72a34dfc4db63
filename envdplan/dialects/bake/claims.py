"""What one build alone can have: tags, caches that are written, and output paths.

In a bake file several targets often share one, as variants or as parents that nobody builds. Of
those that bake does not build by itself the first is a build here, heirs before their parents.
"""

from collections.abc import Iterator, Mapping

from envdplan.dialects.bake.resolution import Resolution
from envdplan.ground.imagenames import image_identity
from envdplan.language.syntax.document import Block, Expression, ListOf, Literal, ObjectOf


def rivals(
    made: Mapping[str, Block], needed: frozenset[str], resolution: Resolution
) -> dict[str, str]:
    """Targets that have something of another one, and what it is, for messages."""
    names = sorted(made, key=lambda name: (name not in needed, name in resolution.inherited))
    owners: dict[str, str] = {}
    found: dict[str, str] = {}
    for name in names:
        mine = dict(_claims(made[name]))
        taken = next((one for one in mine if one in owners), None)
        if taken is not None and name not in needed:
            found[name] = f"{mine[taken]}, as {owners[taken]}"
            continue
        for one in mine:
            owners.setdefault(one, name)
    return found


def _claims(block: Block) -> Iterator[tuple[str, str]]:
    """What a block claims: what it comes down to, and how it is told."""
    for tag in _items(block, "tags"):
        if isinstance(tag, Literal):
            yield f"tag {image_identity(str(tag.value))}", f"the tag {tag.value}"
    for cache in _items(block, "export_cache"):
        if ref := _member(cache, "ref"):
            yield f"cache {image_identity(ref)}", f"the cache {ref}"
        elif path := _member(cache, "dest"):
            yield f"cache {path}", f"the cache {path}"
    for output in _items(block, "output"):
        if path := _member(output, "dest"):
            yield f"path {path}", f"the output path {path}"


def _items(block: Block, name: str) -> tuple[Expression, ...]:
    attribute = block.body.attributes.get(name)
    expression = None if attribute is None else attribute.expression
    return expression.items if isinstance(expression, ListOf) else ()


def _member(item: Expression, name: str) -> str:
    for key, value in item.items if isinstance(item, ObjectOf) else ():
        if isinstance(key, Literal) and key.value == name and isinstance(value, Literal):
            return str(value.value)
    return ""
