"""Attributes of a build that say what else it sees, what reads its source, and what it attests."""

from collections.abc import Mapping
from typing import Final

from envdplan.ground.attributes import (
    Attribute,
    EachContext,
    EachItem,
    JsonSchema,
    NotInput,
    Option,
    Whole,
    published,
)

DECIDES: Final = "decides what envdplan does, and everybody sees that"
"""Why the value of an attribute cannot be sensitive."""

_NO_PATH: Final = r"[A-Za-z][A-Za-z0-9+.-]*://|git@|target:|.+@sha\d+:"
"""How the values of contexts begin that are no paths of this machine, or what is in them."""

CONTEXTS: Final = Attribute(
    (
        "Named contexts, which the Dockerfile may use besides its source: a directory, "
        "build.NAME, docker-image://REF, oci-layout://DIR[:TAG][@DIGEST], or the URL of a "
        "repository or file"
    ),
    {
        "type": "object",
        "additionalProperties": {
            "type": "string",
            "minLength": 1,
            "x-path": rf"^(?:oci-layout://|(?!{_NO_PATH}))(.+)$",
            "description": "a directory, another build, or a URL with docker-image, oci-layout, "
            "git or https",
        },
    },
    input=EachContext("context"),
)

_IMAGE: Final = r"^[^\s]+$"

FRONTEND: Final = Attribute(
    "An image that reads the source instead of BuildKit's own Dockerfile frontend, "
    "such as docker/dockerfile:1; dockerfile names the file that it reads",
    {
        "type": "string",
        "pattern": _IMAGE,
    },
    input=Whole(),
)
SYNTAX: Final = Attribute(
    "The image that reads the Dockerfile, instead of the one in its line # syntax=",
    {
        "type": "string",
        "pattern": r"^\S",
    },
    input=Whole(),
)

SSH_PARTS: Final[Mapping[str, Attribute]] = {
    "id": Attribute(
        "Its name in the Dockerfile; RUN --mount=type=ssh means default",
        {"type": "string", "pattern": r"^[^=,]+$"},
        input=Option(),
    ),
    "paths": Attribute(
        "The socket of an agent, or files of private keys (default: the agent of SSH_AUTH_SOCK)",
        {"type": "array", "items": {"type": "string", "x-path": True, "minLength": 1}},
        input=NotInput("which keys, not what they are called"),
    ),
}
SSH: Final = Attribute(
    "SSH agents and keys for RUN --mount=type=ssh; no key ever leaves this machine",
    {
        "type": "array",
        "items": {
            "type": ["string", "object"],
            "pattern": r"^[^=,]+(=[^,]+(,[^,]+)*)?$",
            "x-path": r"(?:^[^=,]+=|,)([^,]+)",
            "required": ["id"],
            "additionalProperties": False,
            "properties": published(SSH_PARTS),
            "description": 'an object such as { id = "default" }, or ID[=PATH,...]',
        },
    },
    grows=True,
    input=EachItem("ssh", "id"),
    in_clear=DECIDES,
    parts=SSH_PARTS,
)

_OPTION: Final[JsonSchema] = {"type": "string", "minLength": 1}
ATTEST_PARTS: Final[Mapping[str, Attribute]] = {
    "type": Attribute(
        "Of what", {"type": "string", "enum": ["sbom", "provenance"]}, input=Option()
    ),
    "mode": Attribute(
        "provenance: level of detail; max includes the build arguments",
        {"type": "string", "enum": ["min", "max"]},
        input=Option("provenance"),
    ),
    "version": Attribute(
        "provenance: version of the SLSA predicate",
        {"type": "string", "enum": ["v0.2", "v1"]},
        input=Option("provenance"),
    ),
    "builder_id": Attribute(
        "provenance: URI that identifies who built", {**_OPTION}, input=Option("provenance")
    ),
    "reproducible": Attribute(
        "provenance: that it is", {"type": "boolean"}, input=Option("provenance")
    ),
    "inline_only": Attribute(
        "provenance: leave it out of file outputs",
        {"type": "boolean"},
        input=Option("provenance"),
    ),
    "generator": Attribute("sbom: the image of the scanner", {**_OPTION}, input=Option("sbom")),
    "disabled": Attribute("Remove an inherited attestation", {"type": "boolean"}, input=Option()),
}
ATTEST: Final = Attribute(
    "Attestations about the image, pushed with it (default: none)",
    {
        "type": "array",
        "items": {
            "type": ["string", "object"],
            "pattern": r"(^|,)type=(sbom|provenance)(,|$)",
            "required": ["type"],
            "additionalProperties": False,
            "properties": published(ATTEST_PARTS),
            "description": 'an object such as { type = "provenance", mode = "max" }, or '
            "type=provenance,mode=max",
        },
    },
    grows=True,
    input=EachItem("attest", "type"),
    in_clear=DECIDES,
    parts=ATTEST_PARTS,
)
