"""Every type of resource there is, collected from the modules that know them."""

from typing import Final

from envdplan.ground.addresses import Kind
from envdplan.ground.schema import Catalog
from envdplan.resources.builders import DRIVERS, LATER
from envdplan.resources.builds.frontends import FRONTENDS
from envdplan.resources.contexts.contexttype import TYPE as CONTEXT

CATALOG: Final = Catalog(
    {
        **{(Kind.BUILDER, one.type.name): one.type for one in DRIVERS},
        (Kind.CONTEXT, CONTEXT.name): CONTEXT,
        **{(Kind.BUILD, one.type.name): one.type for one in FRONTENDS},
    },
    frozenset(LATER),
)
