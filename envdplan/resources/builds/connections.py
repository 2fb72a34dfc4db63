"""From a build to its builder: through a declared context, or one of envd's store."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from envdplan.clients.envd.contexts import shown
from envdplan.clients.envd.store import ContextStore
from envdplan.core.state.observed import Absent, Cause, Observation, Present
from envdplan.core.state.observed import Unreachable as NotSeen
from envdplan.ground.diagnostics import EnvdplanError, suggestion
from envdplan.ground.values import Attributes, Unknown
from envdplan.resources.builders import driver
from envdplan.resources.builders.base import Lifecycle, Undeclared


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a builder."""

    type: str
    attributes: Attributes
    """Those with x-connection alone."""
    resource: str | None = None
    """The builder's address in the configuration, where it is declared there."""
    context: str | None = None
    """The context that leads to it, where it is not."""

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
        if isinstance(address, Unknown):
            return None
        return _of_address(type, str(address), attributes.get("context"))

    def look(self, connection: Connection) -> Observation:
        """What is live of a builder that no block declares; Unreachable unless it can build."""
        seen = self.lifecycles(connection.type).look(Undeclared(connection.attributes))
        problem = _problem(connection, seen)
        return NotSeen(problem.detail, problem) if problem else seen

    def _of_store(self, name: str | None) -> Connection:
        contexts = self.store.read().contexts
        wanted = contexts.current if name is None else name
        found = contexts.find(wanted)
        if found is not None:
            return _of_address(found.builder, found.builder_address, found.name)
        hint = suggestion(wanted, [one.name for one in contexts.contexts])
        known = ", ".join(shown(one.name) for one in contexts.contexts)
        raise EnvdplanError(
            "Context not found",
            f'Neither the configuration nor {self.store.path} has a context "{shown(wanted)}" '
            f"(there are: {known}).{hint} Declare it, or name another one.",
        )


def _of_address(type: str, address: str, context: str | None) -> Connection:
    found = driver(type)
    builder = None if found is None else found.from_address(address)
    if builder is None:
        raise EnvdplanError(
            "Builder of the context cannot be used",
            _why_not(type, address),
        )
    return Connection(type, builder.reach, context=context)


_FORMS: Final = {
    "kube-pod": "POD?namespace=NAMESPACE",
    "tcp": "HOST:PORT",
    "unix": "/PATH/OF/ITS/SOCKET",
    "ssh": "[USER@]HOST[:PORT]",
}
"""What addresses of a type look like; those of containers are their names."""


def _why_not(type: str, address: str) -> str:
    if driver(type) is None:
        return (
            f"envdplan knows no builders of the type {shown(type)} ({shown(type)}://"
            f"{shown(address)}). Give the context another builder."
        )
    return (
        f'"{shown(address)}" is no address of a {type} builder, which looks like '
        f"{_FORMS.get(type, 'NAME')}. Correct it: `envdplan context rm`, then `create`, or in the "
        "configuration that declares the context."
    )


def _problem(connection: Connection, seen: Observation) -> Cause | None:
    """Why it cannot build now, and who can change that."""
    name = connection.attributes.get("name")
    which = f' of the context "{shown(connection.context)}"' if connection.context else ""
    what = f'The {connection.type} builder "{name}"{which}'
    if isinstance(seen, Absent):
        return Cause(
            "Builder does not exist",
            f"{what} does not exist. Apply the configuration that declares it, declare it here in "
            "a builder block, or let envd make it (`envd bootstrap`).",
        )
    status = seen.attributes.get("status") if isinstance(seen, Present) else "running"
    if status == "running":
        return None
    if status not in ("exited", "paused"):
        detail = f"{what} is {status}. Fix it, or apply the configuration that declares it."
        return Cause("Builder is not running", detail)
    start = f"envdplan builder start {shown(connection.context or str(name))}"
    return Cause(
        "Builder is not running",
        f"{what} is {status}, and a plan starts only builders that are declared in it. Start it "
        f"with `{start}`, or apply the configuration that declares it; envd starts it when it "
        "uses it next.",
    )
