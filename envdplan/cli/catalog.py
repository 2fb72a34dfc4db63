"""Every type of resource there is, collected from the modules that know them."""

from typing import Final

from envdplan.addresses import Kind
from envdplan.drivers import DRIVERS, LATER
from envdplan.frontends import FRONTENDS
from envdplan.providers.contexttype import TYPE as CONTEXT
from envdplan.schema import Catalog

CATALOG: Final = Catalog(
    {
        **{(Kind.BUILDER, one.type.name): one.type for one in DRIVERS},
        (Kind.CONTEXT, CONTEXT.name): CONTEXT,
        **{(Kind.BUILD, one.type.name): one.type for one in FRONTENDS},
    },
    frozenset(LATER),
)
