"""What a context is, as a schema."""

from collections.abc import Iterator
from typing import Final

from envdplan.addresses import Kind
from envdplan.envd.commands import BUILDERS, RUNNERS
from envdplan.envd.contexts import DEFAULT_BUILDER_ADDRESS
from envdplan.schema import Problem, ResourceType
from envdplan.values import Attributes


def derive(attributes: Attributes) -> Attributes:
    """A moby-worker has no address that envd looks at, but envd cannot store an empty one."""
    if attributes.get("builder") == "moby-worker" and not attributes.get("builder_address"):
        return {**attributes, "builder_address": DEFAULT_BUILDER_ADDRESS}
    return attributes


def problems(attributes: Attributes) -> Iterator[Problem]:
    """A plain type of builder needs its address, and an envd-server too."""
    if attributes.get("builder_address") is None:
        builder = attributes.get("builder")
        detail = (
            f'"builder_address" must be set when the builder is a plain type such as "{builder}"; '
            "or declare a builder block and write builder.NAME here."
        )
        yield ("builder",), "Missing attribute", detail
    if attributes.get("runner") == "envd-server" and attributes.get("runner_address") is None:
        detail = '"runner_address" must be set for an envd-server, such as http://HOST:8080.'
        yield ("runner",), "Missing attribute", detail


TYPE: Final = ResourceType(
    Kind.CONTEXT,
    "context",
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "context",
        "type": "object",
        "required": ["builder"],
        "additionalProperties": False,
        "properties": {
            "name": {
                "type": "string",
                "minLength": 1,
                "x-forces-replacement": True,
                "description": "Its name in envd (default: the label of the block)",
            },
            "builder": {
                "type": "string",
                "enum": list(BUILDERS),
                "x-reference": "builder",
                "description": "What builds: builder.NAME, or a plain type with builder_address",
            },
            "builder_address": {
                "type": "string",
                "minLength": 1,
                "description": "Where the builder is, when `builder` is a plain type",
            },
            "runner": {
                "type": "string",
                "enum": list(RUNNERS),
                "default": "docker",
                "description": "What runs environments",
            },
            "runner_address": {
                "type": "string",
                "minLength": 1,
                "description": "Where the runner is; needed for envd-server",
            },
            "use": {
                "type": "boolean",
                "x-if-given": True,
                "description": "Make it envd's current context",
            },
        },
    },
    derive,
    problems,
)
