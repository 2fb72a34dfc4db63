"""What a context is, as a schema."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from envdplan.clients.envd.commands import BUILDERS, RUNNERS
from envdplan.clients.envd.contexts import DEFAULT_BUILDER_ADDRESS
from envdplan.ground.addresses import Kind
from envdplan.ground.attributes import Attribute, Claims, Compared, Hidden
from envdplan.ground.schema import Problem, ResourceType
from envdplan.ground.values import Attributes, is_sensitive

_STRANGE: Final = ("podman-container", "ssh")
"""Types of builders that envd does not know."""

_STORED: Final = "is written into envd's store in clear"


def derive(attributes: Attributes) -> Attributes:
    """A moby-worker has no address that envd looks at, but envd cannot store an empty one.

    A forwarded builder is a socket of this machine to envd.
    """
    if attributes.get("forward") is True and isinstance(attributes.get("name"), str):
        path = forward_path(str(attributes["name"]))
        return {**attributes, "builder": "unix", "builder_address": path}
    if attributes.get("builder") == "moby-worker" and not attributes.get("builder_address"):
        return {**attributes, "builder_address": DEFAULT_BUILDER_ADDRESS}
    return attributes


def forward_path(name: str) -> str:
    """Where `envdplan forward NAME` listens."""
    safe = "".join(char if char.isalnum() or char in "-_" else "_" for char in name)
    return str(Path("~/.cache/envdplan/forward", f"{safe}.sock").expanduser())


def problems(attributes: Attributes) -> Iterator[Problem]:
    """A plain type of builder needs its address, and an envd-server too."""
    if attributes.get("builder_address") is None:
        builder = attributes.get("builder")
        detail = (
            f'"builder_address" must be set when the builder is a plain type such as "{builder}"; '
            "or declare a builder block and write builder.NAME here."
        )
        yield ("builder",), "Missing attribute", detail
    yield from _strange(attributes)
    yield from _sensitive(attributes)
    if attributes.get("runner") == "envd-server" and attributes.get("runner_address") is None:
        detail = '"runner_address" must be set for an envd-server, such as http://HOST:8080.'
        yield ("runner",), "Missing attribute", detail


def _sensitive(attributes: Attributes) -> Iterator[Problem]:
    """A store without secrets has no place for them."""
    for name, one in TYPE.attributes.items():
        if one.in_clear and is_sensitive(attributes.get(name)):
            linked = name == "builder_address" and attributes.get("connection") is not None
            what = "The address of its builder" if linked else f'"{name}" of a context'
            where = " in the builder's block" if linked else ""
            detail = f"{what} {one.in_clear}: use nonsensitive(){where} if this is intended."
            yield ("builder" if linked else name,), "Sensitive value would be visible", detail


def _strange(attributes: Attributes) -> Iterator[Problem]:
    """A context that envd itself cannot use is written only when that is wanted."""
    wanted = attributes.get("envd_compatible") is False or attributes.get("forward") is True
    why = None if wanted else _unusable(attributes)
    if why is not None:
        detail = (
            f"{why} Set envd_compatible = false to write the context all the same (builds of "
            "envdplan use it, envd does not), or forward = true and run `envdplan forward` while "
            "envd needs it."
        )
        yield ("builder",), "envd cannot use this builder", detail


def _unusable(attributes: Attributes) -> str | None:
    builder, connection = attributes.get("builder"), attributes.get("connection") or {}
    if builder in _STRANGE:
        return f"envd does not know builders of type {builder}."
    if builder == "nerdctl-container":
        return "envd 1.3 never connects to a nerdctl-container."
    nodes: Attributes = connection.get("node") or {}
    first: Attributes = next(iter(nodes.values()), {})
    if builder == "tcp" and (connection.get("tls") or first.get("tls")):
        return "envd talks to tcp builders without TLS only."
    if builder == "kube-pod" and connection.get("selector"):
        return "envd finds a pod by its name only, not by a selector."
    return None


TYPE: Final = ResourceType(
    Kind.CONTEXT,
    "context",
    {
        "name": Attribute(
            "Its name in envd (default: the label of the block)",
            {"type": "string", "minLength": 1},
            compared=Compared.REPLACES,
            identity=True,
            place=True,
            finds=True,
            own=True,
            claims=Claims.CONTEXT,
            in_clear=_STORED,
        ),
        "builder": Attribute(
            "Builder of the context: builder.NAME, or a plain type with builder_address",
            {
                "type": "string",
                "enum": [*BUILDERS, *_STRANGE],
                "x-reference": "builder",
            },
            in_clear=_STORED,
        ),
        "builder_address": Attribute(
            "Address of the builder, if `builder` is a plain type",
            {"type": "string", "minLength": 1},
            in_clear=_STORED,
        ),
        "runner": Attribute(
            "What runs environments",
            {
                "type": "string",
                "enum": list(RUNNERS),
                "default": "docker",
            },
            in_clear=_STORED,
        ),
        "runner_address": Attribute(
            "Address of the runner; required for envd-server",
            {"type": "string", "minLength": 1},
            in_clear=_STORED,
        ),
        "envd_compatible": Attribute(
            "Refuse a builder that envd itself cannot use",
            {"type": "boolean", "default": True},
            compared=Compared.NEVER,
        ),
        "forward": Attribute(
            "Give envd a local socket as the builder, which `envdplan forward NAME` serves",
            {"type": "boolean", "default": False},
            compared=Compared.NEVER,
        ),
        "use": Attribute(
            "Make this envd's current context",
            {"type": "boolean"},
            compared=Compared.IF_GIVEN,
            own=True,
            in_clear=_STORED,
        ),
    },
    derive,
    problems,
    internal={"connection": Attribute("What reaches its builder", {}, hidden=Hidden.EVERYWHERE)},
    required=("builder",),
)
