"""The attributes of docker-container builders, and what follows from them."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from envdplan.drivers.base import Undeclared
from envdplan.drivers.buildkitd_config import CONFIG
from envdplan.drivers.common import COMPUTED, RETRIES, TIMEOUT
from envdplan.schema import JsonSchema, Problem
from envdplan.values import Attributes, Sensitive, Value, is_known

IMAGE: Final = "docker.io/moby/buildkit:v0.19.0"
"""envd 1.3's own choice: a builder of it is used by envd without a further pull."""

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)([bkmg]?)b?", re.IGNORECASE)
_UNITS: Final = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
CONTAINER_NAME: Final = re.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]+")
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

SCHEMA: Final[JsonSchema] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "docker-container builder",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {
            "type": "string",
            "pattern": f"^{CONTAINER_NAME.pattern}$",
            "x-forces-replacement": True,
            "x-connection": True,
            "description": (
                "two or more letters, digits, _, . and -: the name of the container (default: "
                "the label of the block)"
            ),
        },
        "host": {
            "type": "string",
            "minLength": 1,
            "x-forces-replacement": True,
            "x-connection": True,
            "description": (
                "The Docker Engine: an endpoint such as unix:///var/run/docker.sock, or the name "
                "of a Docker context (default: as docker itself, by DOCKER_HOST and so on)"
            ),
        },
        "image": {"type": "string", "default": IMAGE, "description": "Image with buildkitd"},
        "pull": {
            "type": "string",
            "enum": ["missing", "always", "never"],
            "default": "missing",
            "x-unplanned": True,
            "description": "When to pull the image before the container is made",
        },
        "network": {
            "type": "string",
            "description": "Network of the container, such as host",
        },
        "env": {**_TEXTS, "description": "Environment of buildkitd, such as proxies"},
        "labels": {**_TEXTS, "description": "Labels of the container"},
        "cpus": {"type": "number", "minimum": 0, "description": "So many CPUs at most, 0 or more"},
        "memory": {
            "type": ["string", "integer"],
            "pattern": r"^\d+(\.\d+)?[bkmgBKMG]?[bB]?$",
            "description": "So much memory at most: bytes, or a size such as 4g",
        },
        "restart": {
            "type": "string",
            "enum": ["no", "always", "unless-stopped", "on-failure"],
            "default": "unless-stopped",
            "description": "When Docker starts it again",
        },
        "mounts": {"type": "array", "items": _MOUNT, "description": "Further mounts"},
        "privileged": {
            "type": "boolean",
            "default": True,
            "description": "Run privileged; only a rootless image does without",
        },
        "flags": {
            "type": "array",
            "items": {"type": "string"},
            "default": ("--allow-insecure-entitlement=network.host",),
            "description": "Arguments of buildkitd",
        },
        "config": CONFIG,
        "state_volume": {
            "type": "string",
            "pattern": f"^{CONTAINER_NAME.pattern}$",
            "x-unplanned": True,
            "description": "The volume with the cache (default: NAME-state); one that others made "
            "is kept when the builder is destroyed",
        },
        "keep_state": {
            "type": "boolean",
            "default": False,
            "x-unplanned": True,
            "description": "Keep the volume with the cache when the builder is destroyed",
        },
        "bootstrap": {
            "type": "boolean",
            "default": True,
            "x-unplanned": True,
            "description": "Make the container when it is not there; false only checks",
        },
        "timeout": {
            **TIMEOUT,
            "default": 60,
            "description": "Seconds until it has to be ready, 1 or more",
        },
        "retries": RETRIES,
        "status": {
            "type": "string",
            "enum": ["running"],
            "default": "running",
            "description": "State of the container",
        },
        "address": {
            "type": "string",
            "readOnly": True,
            "description": "What envd's store holds for it: the name",
        },
        **COMPUTED,
    },
}


def derive(attributes: Attributes) -> Attributes:
    """The address, limits as numbers (none is no limit), and mounts as objects, by target."""
    made = {**attributes, "address": attributes.get("name")}
    if isinstance(made.get("memory"), str):
        made["memory"] = in_bytes(made["memory"])
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
    for name in ("name", "host", "image", "network"):
        if isinstance(attributes.get(name), Sensitive):
            detail = f'"{name}" is visible to everybody who can see the container.'
            yield (name,), "Sensitive value not allowed here", detail


def in_bytes(text: str) -> int:
    """`4g` as Docker reads it: units are powers of 1024."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no size")
    return int(Decimal(match.group(1)) * _UNITS[match.group(2).lower()])


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
