"""`removed` blocks: what is to be forgotten, and stays as it is in the world."""

from collections.abc import Collection, Iterator

from envdplan.core.state.desired import Kept
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Diagnostics
from envdplan.language.configuration.config import Declared
from envdplan.language.configuration.formernames import Former, Names, WholeModule, former, stated
from envdplan.language.configuration.refusals import refuse_unknown
from envdplan.language.configuration.tree import Tree
from envdplan.language.syntax.document import Literal


def removals(tree: Tree, resources: Collection[Address], diagnostics: Diagnostics) -> Kept:
    """What is only to be forgotten; what is to be destroyed needs no block."""
    names = Names(tree, resources)
    found = [one for block in tree.root.removals for one in _kept(block, names, diagnostics)]
    return Kept(
        frozenset(one for one in found if isinstance(one, Address)),
        frozenset(one.path for one in found if isinstance(one, WholeModule)),
    )


def removed(tree: Tree) -> Iterator[Former]:
    """All that the blocks name, whatever becomes of it."""
    for block in tree.root.removals:
        attribute = block.body.attributes.get("from")
        found = None if attribute is None else former(attribute.expression, ())
        if found is not None:
            yield found


def _kept(block: Declared, names: Names, diagnostics: Diagnostics) -> Iterator[Former]:
    if "from" in refuse_unknown("A removed block", block.body, ("from", "destroy"), diagnostics):
        return
    found = stated(block, "from", (), diagnostics)
    attribute = block.body.attributes.get("destroy")
    destroy = True
    if attribute is not None:
        given = attribute.expression
        if not isinstance(given, Literal) or not isinstance(given.value, bool):
            diagnostics.error("Wrong type", "destroy is true or false.", given.range)
            return
        destroy = given.value
    if found is None:
        return
    if names.has(found):
        detail = f"{found} is still declared: take its block away first."
        diagnostics.error("Removed resource is still declared", detail, block.range)
    elif not destroy:
        yield found
