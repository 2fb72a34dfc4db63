"""Finds builders for people who name them: as declared, through a context, or all there are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from envdplan.clients.envd.contexts import Context
from envdplan.core.state.desired import DesiredState, Resource
from envdplan.core.state.observed import Observation, Present, Stranger
from envdplan.core.state.recorded import Record
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.ground.values import Attributes, is_known
from envdplan.resources.builders import driver
from envdplan.resources.builders.base import Lifecycle, Undeclared
from envdplan.resources.builds.connections import Connection, Connections


@dataclass(frozen=True, slots=True)
class Reached:
    """A builder that somebody asked for."""

    title: str
    type: str
    attributes: Attributes
    lifecycle: Lifecycle
    address: Address | None = None
    """Its block, where it has one."""
    whole: bool = False
    """Whether `attributes` are all of its block; else those with x-connection."""
    adopted: tuple[Stranger, ...] = ()
    """What others made under its name and was taken over."""

    def look(self) -> Observation:
        """What is live."""
        if self.address is None or not self.whole:
            return self.lifecycle.look(Undeclared(self.attributes))
        return self.lifecycle.read(self.address, self.attributes)

    def check_ours(self, what: str) -> None:
        """Raises Refused when somebody else's thing has its name; it is not to be `what`.

        Of a builder without a block any mark will do: another project of envdplan made it.
        """
        seen = self.look()
        strangers = seen.strangers if isinstance(seen, Present) else ()
        others = [one for one in strangers if one not in self.adopted]
        if self.address is None:
            others = [one for one in others if not one.lineage]
        if others:
            whose = "of this state" if self.address else "of envdplan"
            detail = (
                f"What {self.title} names carries no mark {whose}, and is not {what} from here."
            )
            raise Refused("Builder is not managed by envdplan", detail)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A builder that cannot be asked, and why."""

    title: str
    type: str
    address: str
    error: EnvdplanError


@dataclass(frozen=True, slots=True)
class Reach:
    """The builders of a project and of envd's store."""

    desired: DesiredState
    connections: Connections
    records: Mapping[Address, Record] = field(default_factory=dict)

    def find(self, name: str) -> Reached:
        """`builder.NAME`, or the NAME of a builder or context. Raises EnvdplanError."""
        plain = name.removeprefix("builder.").removeprefix("context.")
        if not name.startswith("context."):
            builder = self.desired.resources.get(Address(Kind.BUILDER, plain))
            if builder is not None:
                return self._declared(builder.address, builder.type, builder.attributes)
        return self._through(plain)

    def all(self) -> Iterator[Reached | Unusable]:
        """Every declared builder, then those that only envd's store knows."""
        seen: set[tuple[object, ...]] = set()
        declared: set[str] = set()
        for address, one in sorted(self.desired.resources.items(), key=lambda item: str(item[0])):
            if address.kind is Kind.BUILDER:
                seen.add((one.type, one.attributes.get("address")))
                declared.add(str(address))
                yield self._block(address, one)
        for context in self.connections.store.read().contexts.contexts:
            key = (context.builder, context.builder_address)
            if key not in seen:
                seen.add(key)
                found = self._of_context(context)
                if found.title not in declared:
                    yield found

    def _block(self, address: Address, one: Resource) -> Reached | Unusable:
        try:
            return self._declared(address, one.type, one.attributes)
        except EnvdplanError as error:
            return Unusable(str(address), one.type, "", error)

    def _of_context(self, one: Context) -> Reached | Unusable:
        try:
            return self._through(one.name)
        except EnvdplanError as error:
            return Unusable(_title(one.name), one.builder, one.builder_address, error)

    def _declared(self, address: Address, type: str, attributes: Attributes) -> Reached:
        """With all that its block says; where some of it is known after apply, by its address."""
        lifecycle = self.connections.lifecycles(type)
        record = self.records.get(address)
        adopted = () if record is None else record.adopted
        whole, kind = is_known(attributes), driver(type)
        if not whole:
            names = () if kind is None else kind.type.names(lambda one: one.connection)
            attributes = {name: attributes[name] for name in names if name in attributes}
        if not is_known(attributes):
            raise _not_known(str(address))
        return Reached(str(address), type, attributes, lifecycle, address, whole, adopted)

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
        return Reached(_title(name), connection.type, connection.attributes, lifecycle)


def _title(context: str) -> str:
    return f"context {context}"


def _not_known(name: str) -> EnvdplanError:
    detail = f'The builder of "{name}" is known after apply. Run `envdplan apply` first.'
    return EnvdplanError("Builder is not known yet", detail)
