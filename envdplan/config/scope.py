"""The root names that expressions of a configuration see: var, local, builder, context, build."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from envdplan.addresses import Address, Kind
from envdplan.config.context import Namespace
from envdplan.config.problems import NameUnknown
from envdplan.values import Value

ROOTS: Final = ("var", "local", *(kind.value for kind in Kind))


@dataclass(frozen=True, slots=True)
class Members:
    """A namespace over names, each evaluated when it is asked for."""

    known: Mapping[str, object]
    value: Callable[[str], Value]

    def attribute(self, name: str) -> Value:
        """The value of one member. Raises NameUnknown."""
        if name not in self.known:
            raise NameUnknown(name, self.known)
        return self.value(name)

    def names(self) -> Iterable[str]:
        """All members."""
        return self.known


@dataclass(frozen=True, slots=True)
class Roots:
    """The scope of a configuration."""

    namespaces: Mapping[str, Namespace]

    def lookup(self, name: str) -> Value:
        """The namespace called `name`. Raises NameUnknown."""
        try:
            return self.namespaces[name]
        except KeyError:
            raise NameUnknown(name, self.namespaces) from None


def roots(
    variables: Mapping[str, Value],
    locals: Mapping[str, object],
    local: Callable[[str], Value],
    resources: Iterable[Address],
    resource: Callable[[Address], Value],
) -> Roots:
    """The scope in which all blocks of a configuration are evaluated."""
    by_kind: dict[Kind, dict[str, Address]] = {kind: {} for kind in Kind}
    for address in resources:
        by_kind[address.kind][address.name] = address
    namespaces: dict[str, Namespace] = {
        "var": Members(variables, variables.__getitem__),
        "local": Members(locals, local),
    }
    for kind, members in by_kind.items():
        namespaces[kind.value] = Members(members, _looked_up(members, resource))
    return Roots(namespaces)


def _looked_up(
    members: Mapping[str, Address], resource: Callable[[Address], Value]
) -> Callable[[str], Value]:
    return lambda name: resource(members[name])
