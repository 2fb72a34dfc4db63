"""Attributes of a build that say what else it sees, what reads its source, and what it attests."""

from typing import Final

from envdplan.schema import JsonSchema

_NO_PATH: Final = r"[A-Za-z][A-Za-z0-9+.-]*://|git@|target:|.+@sha\d+:"
"""How the values of contexts begin that are no paths of this machine, or what is in them."""

CONTEXTS: Final[JsonSchema] = {
    "type": "object",
    "additionalProperties": {
        "type": "string",
        "minLength": 1,
        "x-path": rf"^(?:oci-layout://|(?!{_NO_PATH}))(.+)$",
        "description": "a directory, another build, or a URL with docker-image, oci-layout, git or "
        "https",
    },
    "description": (
        "What the Dockerfile may name besides its source, by name: a directory, build.NAME, "
        "docker-image://REF, oci-layout://DIR[:TAG][@DIGEST], or the URL of a repository or file"
    ),
}

_IMAGE: Final = r"^[^\s]+$"

FRONTEND: Final[JsonSchema] = {
    "type": "string",
    "pattern": _IMAGE,
    "description": "An image that reads the source instead of BuildKit's own Dockerfile frontend, "
    "such as docker/dockerfile:1; dockerfile names the file that it reads",
}
SYNTAX: Final[JsonSchema] = {
    "type": "string",
    "pattern": r"^\S",
    "description": "The image that reads the Dockerfile, whatever its own line # syntax= says",
}

SSH: Final[JsonSchema] = {
    "type": "array",
    "items": {
        "type": ["string", "object"],
        "pattern": r"^[^=,]+(=[^,]+(,[^,]+)*)?$",
        "x-path": r"(?:^[^=,]+=|,)([^,]+)",
        "required": ["id"],
        "additionalProperties": False,
        "properties": {
            "id": {
                "type": "string",
                "pattern": r"^[^=,]+$",
                "description": "Its name in the Dockerfile; RUN --mount=type=ssh means default",
            },
            "paths": {
                "type": "array",
                "items": {"type": "string", "x-path": True, "minLength": 1},
                "description": "The socket of an agent, or files of private keys (default: the "
                "agent of SSH_AUTH_SOCK)",
            },
        },
        "description": 'an object such as { id = "default" }, or ID[=PATH,...]',
    },
    "description": "SSH agents and keys for RUN --mount=type=ssh; no key ever leaves this machine",
}

_OPTION: Final[JsonSchema] = {"type": "string", "minLength": 1}
ATTEST: Final[JsonSchema] = {
    "type": "array",
    "items": {
        "type": ["string", "object"],
        "pattern": r"(^|,)type=(sbom|provenance)(,|$)",
        "required": ["type"],
        "additionalProperties": False,
        "properties": {
            "type": {"type": "string", "enum": ["sbom", "provenance"], "description": "Of what"},
            "mode": {
                "type": "string",
                "enum": ["min", "max"],
                "description": "provenance: how much it tells; max names the build arguments too",
            },
            "version": {
                "type": "string",
                "enum": ["v0.2", "v1"],
                "description": "provenance: version of SLSA's predicate",
            },
            "builder_id": {**_OPTION, "description": "provenance: the URI of who built"},
            "reproducible": {"type": "boolean", "description": "provenance: that it is"},
            "inline_only": {
                "type": "boolean",
                "description": "provenance: only in images, not beside files",
            },
            "generator": {**_OPTION, "description": "sbom: the image of the scanner"},
            "disabled": {"type": "boolean", "description": "Leave an inherited one out"},
        },
        "description": 'an object such as { type = "provenance", mode = "max" }, or '
        "type=provenance,mode=max",
    },
    "description": "Attestations about the image, pushed with it (default: none)",
}
