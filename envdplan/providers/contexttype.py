"""What a context is, as a schema."""

from typing import Final

from envdplan.addresses import Kind
from envdplan.envd.commands import BUILDERS, RUNNERS
from envdplan.envd.contexts import DEFAULT_BUILDER_ADDRESS
from envdplan.schema import ResourceType
from envdplan.values import Attributes


def derive(attributes: Attributes) -> Attributes:
    """A moby-worker has no address that envd looks at, but envd cannot store an empty one."""
    if attributes.get("builder") == "moby-worker" and not attributes.get("builder_address"):
        return {**attributes, "builder_address": DEFAULT_BUILDER_ADDRESS}
    return attributes


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
)
