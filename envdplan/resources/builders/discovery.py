"""What exists on this machine already, as blocks of a configuration: buildx's builders, contexts.

Nothing is changed. Containers are described as they are, so that a plan of the blocks is empty.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from envdplan.clients.docker.buildx import Instance, Node
from envdplan.clients.envd.contexts import DEFAULT_BUILDER_ADDRESS, Context, ContextSet
from envdplan.core.state.observed import Present, Unreachable
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.attributes import Compared
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import Attributes, Sensitive, Value
from envdplan.resources.builders import driver
from envdplan.resources.builders.base import Lifecycle
from envdplan.resources.contexts.contexttype import derive as derive_context
from envdplan.resources.contexts.contexttype import problems as context_problems

_CONTAINER = "buildx_buildkit_"
"""How buildx's docker-container driver names its containers."""


@dataclass(frozen=True, slots=True)
class Found:
    """A block, and why it may not be as its owner expects."""

    address: Address
    attributes: Attributes
    """Without defaults; a Reference is written as builder.NAME."""
    builder: Address | None = None
    """For contexts: the block of their builder."""
    note: str = ""


@dataclass
class Discovery:
    """Describes what it is shown; labels are given once."""

    lifecycles: Callable[[str], Lifecycle]
    taken: set[Address] = field(default_factory=set)
    """Addresses that the configuration has already."""
    by_endpoint: dict[tuple[str, str], Address] = field(default_factory=dict)
    """The blocks of builders by type and address, those of the configuration among them."""

    # -- builders

    def builders(self, instances: tuple[Instance, ...]) -> Iterator[Found]:
        """The builders of buildx; each node of several becomes one."""
        for one in instances:
            for node in one.nodes:
                name = one.name if len(one.nodes) == 1 else node.name
                found = self._builder(one.driver, name, node)
                if self._is_new(found):
                    yield found

    def _builder(self, kind: str, name: str, node: Node) -> Found:
        address = self._address(Kind.BUILDER, name)
        match kind:
            case "docker-container":
                given = {"name": f"{_CONTAINER}{node.name}", "host": _host(node.endpoint)}
                found = self._container(address, given, node.options)
            case "kubernetes":
                found = Found(address, _pods(node))
            case _:
                found = Found(address, _remote(node))
        return found

    def container(self, name: str) -> Found | None:
        """A container that envd made, if it is there."""
        address = self._address(Kind.BUILDER, name)
        found = self._container(address, {"name": name}, {})
        if found.note or not self._is_new(found):
            self.taken.discard(address)
            return None
        return found

    def _container(
        self, address: Address, given: Mapping[str, Value], options: Mapping[str, str]
    ) -> Found:
        """The container as it is, in the words of its type; defaults are left out."""
        kind = driver("docker-container")
        assert kind is not None  # noqa: S101  it is in the tuple
        env = {
            name.removeprefix("env."): value
            for name, value in options.items()
            if name.startswith("env.")
        }
        asked = {"image": "", **{k: v for k, v in given.items() if v is not None}, "env": env}
        observed = self.lifecycles("docker-container").read(address, asked)
        head: dict[str, Value] = {"type": "docker-container", **asked}
        if isinstance(observed, Present):
            head |= _stated(kind.type, observed.attributes)
            head["state_volume"] = _volume(str(given["name"]))
            return Found(address, _given(head))
        reason = observed.reason if isinstance(observed, Unreachable) else "it is not there"
        return Found(address, _given(head), note=reason)

    def _is_new(self, found: Found) -> bool:
        """Whether no block has it; from now on one has."""
        type = str(found.attributes["type"])
        kind = driver(type)
        if kind is None:
            return True
        derived = kind.type.derive({"name": found.address.name, **found.attributes})
        key = (type, str(derived.get("address")))
        return self.by_endpoint.setdefault(key, found.address) is found.address

    # -- contexts

    def contexts(self, contexts: ContextSet) -> Iterator[Found]:
        """envd's contexts; one whose builder has a block refers to it."""
        for one in contexts.contexts:
            yield self._context(one, current=one.name == contexts.current)

    def _context(self, one: Context, *, current: bool) -> Found:
        address = self._address(Kind.CONTEXT, one.name)
        found: dict[str, Value] = {}
        if one.name != address.name:
            found["name"] = one.name
        builder = self.by_endpoint.get((one.builder, one.builder_address))
        if builder is None:
            found["builder"] = one.builder
            usual = one.builder == "moby-worker" and one.builder_address == DEFAULT_BUILDER_ADDRESS
            if not usual:
                found["builder_address"] = one.builder_address
        if one.runner != "docker":
            found["runner"] = one.runner
        if one.runner_address is not None:
            found["runner_address"] = one.runner_address
        probe = derive_context({"builder_address": one.builder_address, **found})
        if builder is None and any(
            summary == "envd cannot use this builder" for _, summary, _ in context_problems(probe)
        ):
            found["envd_compatible"] = False
        if current:
            found["use"] = True
        return Found(address, found, builder)

    def _address(self, kind: Kind, name: str) -> Address:
        label = re.sub(r"[^A-Za-z0-9_-]", "_", name)
        label = label if re.match(r"[A-Za-z_]", label) else f"_{label}"
        address, number = Address(kind, label), 2
        while address in self.taken:
            address, number = Address(kind, f"{label}_{number}"), number + 1
        self.taken.add(address)
        return address


def _stated(type: ResourceType, live: Attributes) -> Iterator[tuple[str, Value]]:
    """What a block has to say so that it describes what is live: all that is no default."""
    for name, one in type.attributes.items():
        if one.computed or one.state:
            continue
        default: Value = one.schema.get("default")
        value = _open(live.get(name))
        if not _is_empty(value):
            if value != default:
                yield name, value
        elif not _is_empty(default) and one.compared is not Compared.NEVER:
            yield name, default.__class__() if value is None else value


def _is_empty(value: Value) -> bool:
    return value in (None, (), {}, "")


def _given(attributes: Attributes) -> Attributes:
    return {name: value for name, value in attributes.items() if value not in (None, {}, "")}


def _open(value: Value) -> Value:
    """Without what is secret: it must not get into a file."""
    if isinstance(value, Mapping):
        return {k: _open(one) for k, one in value.items() if not isinstance(one, Sensitive)}
    return None if isinstance(value, Sensitive) else value


def _volume(container: str) -> str | None:
    return f"{container}_state" if container.startswith(_CONTAINER) else None


def _host(endpoint: str) -> str | None:
    """The usual engine needs no word."""
    return None if endpoint in ("", "unix:///var/run/docker.sock", "default") else endpoint


def _pods(node: Node) -> Attributes:
    """buildx labels the pods of a builder with its name (driver/kubernetes/manifest)."""
    query = parse_qs(urlsplit(node.endpoint).query)
    found: dict[str, Value] = {
        "type": "kube-pod",
        "mode": "attach",
        "selector": f"app={node.name.replace('_', '-')}",
    }
    if node.options.get("namespace"):
        found["namespace"] = node.options["namespace"]
    if query.get("kubeconfig"):
        found["kubeconfig"] = query["kubeconfig"][0]
    return found


def _remote(node: Node) -> Attributes:
    parts = urlsplit(node.endpoint)
    if parts.scheme == "unix":
        return {"type": "unix", "address": parts.path}
    if parts.scheme == "ssh":
        return {"type": "ssh", "address": node.endpoint.removeprefix("ssh://")}
    if parts.scheme in ("docker-container", "podman-container", "nerdctl-container"):
        return {"type": parts.scheme, "name": parts.netloc, "bootstrap": False}
    if parts.scheme == "kube-pod":
        query = parse_qs(parts.query)
        found = {"type": "kube-pod", "mode": "attach", "pod": parts.netloc}
        names = {"namespace": "namespace", "container": "container", "context": "kube_context"}
        return {**found, **{new: query[old][0] for old, new in names.items() if query.get(old)}}
    words = {"cacert": "ca", "cert": "cert", "key": "key", "servername": "server_name"}
    tls = {new: node.options[old] for old, new in words.items() if node.options.get(old)}
    return {"type": "tcp", "address": parts.netloc, **({"tls": tls} if tls else {})}
