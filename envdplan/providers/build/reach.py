"""Finds builders for people who name them: as declared, through a context, or all there are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from envdplan.addresses import Address, Kind
from envdplan.diagnostics import EnvdplanError
from envdplan.drivers import driver
from envdplan.drivers.base import Lifecycle, Undeclared
from envdplan.providers.build.connections import Connection, Connections
from envdplan.states.desired import DesiredState
from envdplan.states.observed import Observation
from envdplan.values import Attributes, is_known


@dataclass(frozen=True, slots=True)
class Reached:
    """A builder that somebody asked for."""

    title: str
    type: str
    attributes: Attributes
    """All of a declared one; else those with x-connection, so that nothing else may be asked."""
    lifecycle: Lifecycle
    address: Address | None = None
    """Its block, where it has one."""

    def look(self) -> Observation:
        """What is live."""
        if self.address is None:
            return self.lifecycle.look(Undeclared(self.attributes))
        return self.lifecycle.read(self.address, self.attributes)


@dataclass(frozen=True, slots=True)
class Reach:
    """The builders of a project and of envd's store."""

    desired: DesiredState
    connections: Connections

    def find(self, name: str) -> Reached:
        """`builder.NAME`, or the NAME of a builder or context. Raises EnvdplanError."""
        plain = name.removeprefix("builder.").removeprefix("context.")
        if not name.startswith("context."):
            builder = self.desired.resources.get(Address(Kind.BUILDER, plain))
            if builder is not None:
                return self._declared(builder.address, builder.type, builder.attributes)
        return self._through(plain)

    def all(self) -> Iterator[Reached | EnvdplanError]:
        """Every declared builder, then those that only envd's store knows."""
        seen: set[tuple[object, ...]] = set()
        declared: set[str] = set()
        for address, one in sorted(self.desired.resources.items(), key=lambda item: str(item[0])):
            if address.kind is Kind.BUILDER:
                seen.add((one.type, one.attributes.get("address")))
                declared.add(str(address))
                yield self._guarded(self._declared, address, one.type, one.attributes)
        for context in self.connections.store.read().contexts.contexts:
            key = (context.builder, context.builder_address)
            if key not in seen:
                seen.add(key)
                found = self._guarded(self._through, context.name)
                if isinstance(found, EnvdplanError) or found.title not in declared:
                    yield found

    def _guarded(self, find: Callable[..., Reached], *arguments: object) -> Reached | EnvdplanError:
        try:
            return find(*arguments)
        except EnvdplanError as error:
            return error

    def _declared(self, address: Address, type: str, attributes: Attributes) -> Reached:
        """With all that its block says; where some of it is known after apply, by its address."""
        lifecycle = self.connections.lifecycles(type)
        if is_known(attributes):
            return Reached(str(address), type, attributes, lifecycle, address)
        kind = driver(type)
        names = () if kind is None else kind.type.with_annotation("x-connection")
        reach = {name: attributes[name] for name in names if name in attributes}
        if not is_known(reach):
            raise _not_known(str(address))
        return Reached(str(address), type, reach, lifecycle)

    def _through(self, name: str) -> Reached:
        declared = self.desired.resources.get(Address(Kind.CONTEXT, name))
        given = None if declared is None else declared.attributes.get("connection")
        connection = self.connections.of({"context": name, "connection": given})
        if connection is None:
            raise _not_known(name)
        return self._connected(name, connection)

    def _connected(self, name: str, connection: Connection) -> Reached:
        if connection.resource is not None:
            address = Address.parse(connection.resource)
            resource = self.desired.resources.get(address)
            if resource is not None:
                return self._declared(address, resource.type, resource.attributes)
        lifecycle = self.connections.lifecycles(connection.type)
        return Reached(f"context {name}", connection.type, connection.attributes, lifecycle)


def _not_known(name: str) -> EnvdplanError:
    detail = f'The builder of "{name}" is known after apply.'
    return EnvdplanError("The builder is not known yet", detail)
