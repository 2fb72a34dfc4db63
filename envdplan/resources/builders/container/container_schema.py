"""The attributes of docker-container builders, and what follows from them."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from envdplan.ground.attributes import Attribute, Claims, Compared, Computed, JsonSchema
from envdplan.ground.schema import Problem
from envdplan.ground.sizes import size_in_bytes
from envdplan.ground.values import Attributes, Sensitive, Value, is_known
from envdplan.resources.builders.base import Undeclared
from envdplan.resources.builders.buildkitd_config import CONFIG
from envdplan.resources.builders.common import COMPUTED, RETRIES, TIMEOUT

IMAGE: Final = "docker.io/moby/buildkit:v0.19.0"
"""envd 1.3's own choice: a builder of it is used by envd without a further pull."""

CONTAINER_NAME: Final = re.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_SEEN: Final = "is visible to everybody who can see the container"
_TEXTS: Final[JsonSchema] = {"type": "object", "additionalProperties": {"type": "string"}}

_MOUNT: Final[JsonSchema] = {
    "anyOf": [
        {"type": "string", "pattern": "^[^:]+:/[^:]*(:ro|:rw)?$"},
        {
            "type": "object",
            "required": ["source", "target"],
            "additionalProperties": False,
            "properties": {
                "source": {"type": "string"},
                "target": {"type": "string", "pattern": "^/"},
                "read_only": {"type": "boolean"},
            },
        },
    ],
    "description": 'a mount such as "/srv/certs:/certs:ro" or { source = ..., target = ... }',
}

ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    "name": Attribute(
        "two or more letters, digits, _, . and -: the name of the container (default: "
        "the label of the block)",
        {"type": "string", "pattern": f"^{CONTAINER_NAME.pattern}$"},
        compared=Compared.REPLACES,
        connection=True,
        identity=True,
        place=True,
        finds=True,
        own=True,
        claims=Claims.CONTAINER,
        in_clear=_SEEN,
    ),
    "host": Attribute(
        "The Docker Engine: an endpoint such as unix:///var/run/docker.sock, or the name "
        "of a Docker context (default: as docker itself, by DOCKER_HOST and so on)",
        {"type": "string", "minLength": 1},
        compared=Compared.REPLACES,
        connection=True,
        identity=True,
        place=True,
        finds=True,
        in_clear=_SEEN,
    ),
    "image": Attribute(
        "Image with buildkitd", {"type": "string", "default": IMAGE}, in_clear=_SEEN
    ),
    "pull": Attribute(
        "When to pull the image before the container is made",
        {
            "type": "string",
            "enum": ["missing", "always", "never"],
            "default": "missing",
        },
        compared=Compared.NEVER,
    ),
    "network": Attribute(
        "Network of the container, such as host", {"type": "string"}, in_clear=_SEEN
    ),
    "env": Attribute("Environment of buildkitd, such as proxies", _TEXTS),
    "labels": Attribute("Labels of the container", _TEXTS),
    "cpus": Attribute("Limit on CPUs, 0 or more", {"type": "number", "minimum": 0}),
    "memory": Attribute(
        "Limit on memory: bytes, or a size such as 4g",
        {"type": ["string", "integer"], "pattern": r"^\d+(\.\d+)?[bkmgBKMG]?[bB]?$"},
    ),
    "restart": Attribute(
        "Restart policy of the container",
        {
            "type": "string",
            "enum": ["no", "always", "unless-stopped", "on-failure"],
            "default": "unless-stopped",
        },
    ),
    "mounts": Attribute("Further mounts", {"type": "array", "items": _MOUNT}),
    "privileged": Attribute(
        "Run privileged; only a rootless image does without",
        {"type": "boolean", "default": True},
    ),
    "flags": Attribute(
        "Arguments of buildkitd",
        {
            "type": "array",
            "items": {"type": "string"},
            "default": ("--allow-insecure-entitlement=network.host",),
        },
    ),
    "config": CONFIG,
    "state_volume": Attribute(
        "The volume with the cache (default: NAME-state); a volume that envdplan did not "
        "create is kept when the builder is destroyed",
        {"type": "string", "pattern": f"^{CONTAINER_NAME.pattern}$"},
        compared=Compared.NEVER,
    ),
    "keep_state": Attribute(
        "Keep the volume with the cache when the builder is destroyed",
        {"type": "boolean", "default": False},
        compared=Compared.NEVER,
    ),
    "bootstrap": Attribute(
        "Create the container if it does not exist; false only checks",
        {"type": "boolean", "default": True},
        compared=Compared.NEVER,
    ),
    "timeout": TIMEOUT.but("Seconds to wait until it is ready, 1 or more", default=60),
    "retries": RETRIES,
    "status": Attribute(
        "State of the container",
        {
            "type": "string",
            "enum": ["running"],
            "default": "running",
        },
        state=True,
    ),
    "address": Attribute(
        "Address in envd's store: the name",
        {"type": "string"},
        computed=Computed.FOLLOWS,
        identity=True,
        finds=True,
    ),
    **COMPUTED,
}


def derive(attributes: Attributes) -> Attributes:
    """The address, limits as numbers (none is no limit), and mounts as objects, by target."""
    made = {**attributes, "address": attributes.get("name")}
    if isinstance(made.get("memory"), str):
        made["memory"] = size_in_bytes(made["memory"])
    for limit in ("memory", "cpus"):
        value = made.get(limit)
        if isinstance(value, int | Decimal) and not value:
            made[limit] = None
    if isinstance(made.get("mounts"), tuple) and is_known(made["mounts"]):
        made["mounts"] = tuple(sorted(map(_mount, made["mounts"]), key=by_target))
    return made


def by_target(mount: Attributes) -> str:
    """The order of mounts; Docker's own changes from one look to the next."""
    return str(mount["target"])


def problems(attributes: Attributes) -> Iterator[Problem]:
    """What is seen by everybody cannot be a secret."""
    for name, one in ATTRIBUTES.items():
        if one.in_clear and isinstance(attributes.get(name), Sensitive):
            detail = f'"{name}" {one.in_clear}.'
            yield (name,), "Sensitive value not allowed here", detail


def _mount(one: Value) -> Attributes:
    if isinstance(one, str):
        source, target, *mode = one.split(":")
        return {"read_only": mode == ["ro"], "source": source, "target": target}
    mount: Attributes = {"read_only": bool(one.get("read_only")), **one}
    return mount


def consequence(changed: frozenset[str | int], attributes: Attributes) -> str:
    """What a change of a container in place does to it."""
    del attributes
    if changed <= {"status", "restart"}:
        return ""
    return "the container is made anew, and its cache stays"


def named(address: str, scheme: str) -> Undeclared | None:
    """The container that an address of envd's form names."""
    name = address.removeprefix(f"{scheme}://")
    return Undeclared({"name": name}) if CONTAINER_NAME.fullmatch(name) else None
