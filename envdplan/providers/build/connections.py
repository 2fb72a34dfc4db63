"""From a build to its builder: through a declared context, or one of envd's store."""

from collections.abc import Callable
from dataclasses import dataclass

from envdplan.addresses import Address, Kind
from envdplan.diagnostics import EnvdplanError, suggestion
from envdplan.drivers import driver
from envdplan.drivers.base import Lifecycle
from envdplan.envd.contexts import shown
from envdplan.envd.store import ContextStore
from envdplan.states.observed import Absent, Observation, Present
from envdplan.states.observed import Unreachable as NotSeen
from envdplan.values import Attributes, Unknown


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a builder."""

    type: str
    attributes: Attributes
    resource: str | None = None
    """The builder's address in the configuration, where it is declared there."""

    @property
    def in_engine(self) -> bool:
        """Whether the builder is a Docker Engine's own BuildKit."""
        return self.type == "moby-worker"

    @property
    def host(self) -> str | None:
        """The Docker Engine that it runs in, as DOCKER_HOST would name it; None: the usual one."""
        host = self.attributes.get("host")
        return host if isinstance(host, str) else None


@dataclass(frozen=True, slots=True)
class Connections:
    """Finds builders."""

    lifecycles: Callable[[str], Lifecycle]
    store: ContextStore

    def of(self, attributes: Attributes) -> Connection | None:
        """The builder of a build; None while the configuration does not know it yet.

        Raises EnvdplanError when there is no such context, or its builder is of a type that
        cannot be reached.
        """
        given = attributes.get("connection")
        if isinstance(given, Unknown):
            return None
        if given is None:
            return self._of_store(attributes.get("context"))
        type = given["type"]
        if isinstance(type, Unknown):
            return None
        if "resource" in given:
            rest = {k: v for k, v in given.items() if k not in ("resource", "type")}
            return Connection(type, rest, given["resource"])
        address = given["address"]
        return None if isinstance(address, Unknown) else _of_address(type, str(address))

    def look(self, connection: Connection) -> Observation:
        """What is live of a builder that no block declares."""
        address = Address(Kind.BUILDER, "undeclared")
        observation = self.lifecycles(connection.type).read(address, connection.attributes)
        if isinstance(observation, Absent):
            name = connection.attributes.get("name")
            return NotSeen(
                f"The {connection.type} builder {name} does not exist. Declare it in a builder "
                "block, so that envdplan makes it, or bootstrap it with envd."
            )
        if isinstance(observation, Present) and observation.attributes.get("status") not in (
            None,
            "running",
        ):
            return NotSeen(
                f"The {connection.type} builder {connection.attributes.get('name')} is "
                f"{observation.attributes['status']}. Start it, or declare it in a builder block."
            )
        return observation

    def _of_store(self, name: str | None) -> Connection:
        contexts = self.store.read().contexts
        wanted = contexts.current if name is None else name
        found = contexts.find(wanted)
        if found is not None:
            return _of_address(found.builder, found.builder_address)
        hint = suggestion(wanted, [one.name for one in contexts.contexts])
        known = ", ".join(shown(one.name) for one in contexts.contexts)
        raise EnvdplanError(
            "There is no such context",
            f'Neither the configuration nor {self.store.path} has a context "{shown(wanted)}" '
            f"(there are: {known}).{hint} Declare it, or name another one.",
        )


def _of_address(type: str, address: str) -> Connection:
    found = driver(type)
    attributes = None if found is None else found.from_address(address)
    if attributes is None:
        raise EnvdplanError(
            "The builder of the context cannot be used",
            f"envdplan cannot reach {shown(type)}://{shown(address)}: the type is not supported "
            "yet, or the address makes no sense.",
        )
    return Connection(type, attributes)
