"""The attributes of a build.

Each says whether another value of it may make another image: without that no build is defined.
"""

from collections.abc import Mapping
from typing import Final

from envdplan.ground.attributes import (
    Attribute,
    Claims,
    Compared,
    Computed,
    EachItem,
    EachKey,
    EachWithOptions,
    FoundThere,
    Hidden,
    JsonSchema,
    NotInput,
    Option,
    Whole,
    published,
)
from envdplan.resources.builds.frontends.frontendschema import (
    ATTEST,
    CONTEXTS,
    DECIDES,
    FRONTEND,
    SSH,
    SYNTAX,
)

_STRINGS: Final[JsonSchema] = {"type": "array", "items": {"type": "string"}}
_TEXTS: Final[JsonSchema] = {"type": "object", "additionalProperties": {"type": "string"}}

_WHERE: Final = NotInput("where it goes, not what it is")
_HOW: Final = NotInput("how to build, not what")
_OURS: Final = NotInput("nothing for the builder")
_FOUND: Final = NotInput("where its value is")

_SHOWN: Final = "is shown in messages, in clear"
_NAMED: Final = "are names in a registry, in clear"

EXPORTERS: Final = ("image", "registry", "docker", "oci", "tar", "local", "cacheonly")

_PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE: Final = (
    r"^(?:(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]+)?/)?"
    rf"{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?$"
)
"""Docker's grammar of image names (distribution/reference)."""

_OUTPUT_PARTS: Final[Mapping[str, Attribute]] = {
    "type": Attribute("The exporter", {"type": "string", "enum": list(EXPORTERS)}, input=Option()),
    "push": Attribute(
        "Push the image to the registries of its tags", {"type": "boolean"}, input=_WHERE
    ),
    "names": Attribute(
        "Names of the image in this output (default: tags)",
        {
            "type": "array",
            "items": {
                "type": "string",
                "pattern": _IMAGE,
                "description": "an image name such as HOST/PATH:TAG, in lower case but for the tag",
            },
        },
        input=_WHERE,
        in_clear=_NAMED,
    ),
    "dest": Attribute(
        "File (docker, oci, tar) or directory (local) to write; no link in the "
        "directory of the configuration is followed to it",
        {
            "type": "string",
            "x-path": True,
            "minLength": 1,
        },
        input=_WHERE,
        in_clear="is kept in the state, in clear",
    ),
    "compression": Attribute(
        "Compression of the layers",
        {"type": "string", "enum": ["uncompressed", "gzip", "estargz", "zstd"]},
        input=Option(),
    ),
    "compression_level": Attribute(
        "Level of the compression, 0 or more, as the method has it",
        {"type": "integer", "minimum": 0},
        input=Option(),
    ),
    "force_compression": Attribute(
        "Also compress layers that already exist", {"type": "boolean"}, input=Option()
    ),
    "oci_mediatypes": Attribute(
        "OCI media types, not Docker's", {"type": "boolean"}, input=Option()
    ),
    "rewrite_timestamp": Attribute(
        "Set file times to the build argument SOURCE_DATE_EPOCH",
        {"type": "boolean"},
        input=Option(),
    ),
    "tar": Attribute(
        "For oci and docker: one tar file (default), or an OCI layout",
        {"type": "boolean"},
        input=Option(),
    ),
}
_OUTPUT: Final[JsonSchema] = {
    "type": "object",
    "description": "Where the result goes: one exporter",
    "required": ["type"],
    "additionalProperties": False,
    "properties": published(_OUTPUT_PARTS),
}

CACHE_TYPES: Final = ("registry", "local", "inline")

_CACHE: Final[JsonSchema] = {
    "anyOf": [
        {"type": "string", "pattern": "."},
        {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"type": "string", "enum": [*CACHE_TYPES]}},
            "additionalProperties": {"type": "string"},
        },
    ],
    "description": (
        'a cache of type registry, local or inline, as an object such as { type = "registry", '
        'ref = "HOST/NAME:TAG" } or as "type=registry,ref=HOST/NAME:TAG"'
    ),
}

_SECRET_PARTS: Final[Mapping[str, Attribute]] = {
    "id": Attribute(
        "Its name in the Dockerfile", {"type": "string", "minLength": 1}, input=Option()
    ),
    "env": Attribute(
        "Environment variable to read",
        {"type": "string", "minLength": 1},
        input=_FOUND,
    ),
    "file": Attribute("File to read", {"type": "string", "x-path": True}, input=_FOUND),
    "value": Attribute(
        "A sensitive value",
        {"type": "string", "writeOnly": True},
        input=NotInput("no secret changes a result"),
    ),
}
_SECRET: Final[JsonSchema] = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": published(_SECRET_PARTS),
}

_ULIMIT = r"^[a-z]+=-?\d{1,19}(:-?\d{1,19})?$"
_SIZE = r"^\d{1,18}(\.\d{1,18})?\s*[kKmMgG]?i?[bB]?$"

ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    "context": Attribute(
        "The envd context whose builder runs it: context.NAME, or the name of one in the "
        "context store. Default: the one with use = true, else the store's current one",
        {"type": ["string", "null"], "x-reference": "context"},
        compared=Compared.NEVER,
        input=NotInput("who builds it, not what is built"),
    ),
    "path": Attribute(
        "Source directory",
        {
            "type": "string",
            "default": ".",
            "x-path": True,
            "minLength": 1,
        },
        input=FoundThere(),
        in_clear=_SHOWN,
    ),
    "dockerfile": Attribute(
        "Dockerfile, relative to path (default: Dockerfile, else dockerfile)",
        {"type": "string", "minLength": 1},
        input=FoundThere(),
        in_clear=_SHOWN,
    ),
    "dockerfile_inline": Attribute(
        "The text of the Dockerfile itself", {"type": "string"}, input=FoundThere(text=True)
    ),
    "ignore_file": Attribute(
        "Patterns of files to leave out of the source (default: .dockerignore)",
        {"type": "string", "x-path": True},
        input=FoundThere(),
        in_clear=_SHOWN,
    ),
    "contexts": CONTEXTS,
    "frontend": FRONTEND,
    "syntax": SYNTAX,
    "args": Attribute("Build arguments", _TEXTS, exposed="history", input=EachKey("arg")),
    "labels": Attribute(
        "Labels of the image", _TEXTS, exposed="configuration", input=EachKey("label")
    ),
    "annotations": Attribute(
        "Annotations; a key can begin with index:, manifest: and the like",
        _TEXTS,
        exposed="manifest",
        input=EachKey("annotation"),
    ),
    "target": Attribute("Stage of the Dockerfile to build", {"type": "string"}, input=Whole()),
    "tags": Attribute(
        "Names of the image",
        {
            "type": "array",
            "items": {
                "type": "string",
                "pattern": _IMAGE,
                "description": "an image name such as HOST/PATH:TAG, in lower case but for the tag",
            },
        },
        claims=Claims.TAGS,
        input=_WHERE,
        in_clear=_NAMED,
    ),
    "platforms": Attribute(
        "Platforms such as linux/amd64 (default: the builder's own)",
        {
            "type": "array",
            "items": {
                "type": "string",
                "pattern": r"^[a-z0-9]+/[a-z0-9]+(/[a-z0-9.]+)?$",
                "description": "OS/ARCHITECTURE[/VARIANT], such as linux/amd64",
            },
        },
        input=Whole(),
        in_clear=DECIDES,
    ),
    "network": Attribute(
        "Network of RUN steps",
        {"type": "string", "enum": ["default", "none", "host", "sandbox"]},
        input=Whole(),
    ),
    "extra_hosts": Attribute(
        "Further names and their addresses for RUN steps", _TEXTS, input=Whole()
    ),
    "shm_size": Attribute(
        "Size of /dev/shm for RUN steps, such as 256m",
        {"type": "string", "pattern": _SIZE},
        input=Whole(),
    ),
    "ulimits": Attribute(
        "Limits of RUN steps, such as nofile=1024:4096",
        {
            "type": "array",
            "items": {"type": "string", "pattern": _ULIMIT, "description": "NAME=SOFT[:HARD]"},
        },
        grows=True,
        input=Whole(),
    ),
    "entitlements": Attribute(
        "Entitlements of the build",
        {
            "type": "array",
            "items": {"type": "string", "enum": ["network.host", "security.insecure"]},
        },
        grows=True,
        input=Whole(),
    ),
    "no_cache": Attribute(
        "Run all steps without the cache",
        {"type": "boolean", "default": False},
        compared=Compared.NEVER,
        input=_HOW,
    ),
    "no_cache_filter": Attribute(
        "Stages whose steps run without the cache",
        _STRINGS,
        compared=Compared.NEVER,
        grows=True,
        input=_HOW,
    ),
    "pull": Attribute(
        "Ask the registry for newer base images, even if the builder has them",
        {"type": "boolean", "default": False},
        compared=Compared.NEVER,
        input=_HOW,
    ),
    "push": Attribute(
        "Push the image: short for an output of type image with push = true",
        {"type": "boolean", "default": False},
        input=_WHERE,
        in_clear=DECIDES,
    ),
    "load": Attribute(
        "Load the image into the Docker Engine: short for an output of type docker",
        {"type": "boolean", "default": False},
        input=_WHERE,
        in_clear=DECIDES,
    ),
    "output": Attribute(
        "Exporters",
        {"type": "array", "items": _OUTPUT},
        claims=Claims.OUTPUTS,
        input=EachWithOptions("output", "type"),
        parts=_OUTPUT_PARTS,
        in_clear=DECIDES,
    ),
    "import_cache": Attribute(
        "Caches to begin with",
        {"type": "array", "items": _CACHE},
        compared=Compared.NEVER,
        grows=True,
        input=_HOW,
    ),
    "export_cache": Attribute(
        "Caches to write",
        {"type": "array", "items": _CACHE},
        compared=Compared.NEVER,
        claims=Claims.CACHES,
        input=_WHERE,
    ),
    "secret": Attribute(
        "Secrets for RUN --mount=type=secret, read when the builder asks for them",
        {"type": "array", "items": _SECRET},
        grows=True,
        input=EachItem("secret", "id"),
        parts=_SECRET_PARTS,
        in_clear=DECIDES,
    ),
    "registries": Attribute(
        "Registries that the builder may use your login for, besides those that the build names",
        {
            "type": "array",
            "items": {
                "type": "string",
                "pattern": r"^(\*|[^/\s]+)$",
                "description": "HOST[:PORT], or * for every registry that you are logged in to",
            },
        },
        compared=Compared.NEVER,
        input=_OURS,
    ),
    "ssh": SSH,
    "attest": ATTEST,
    "triggers": Attribute(
        "The build runs when any of these values changes. Steps in the cache are still used, "
        "unless no_cache or no_cache_filter is set",
        _TEXTS,
        input=EachKey("trigger"),
    ),
    "timeout": Attribute(
        "Seconds that one run of the build may take, 1 or more (default: no limit)",
        {"type": "number", "minimum": 1},
        compared=Compared.NEVER,
        input=_OURS,
        in_clear=DECIDES,
    ),
    "retries": Attribute(
        "Number of retries after a failed run, 0 or more (default: none)",
        {"type": "integer", "minimum": 0},
        compared=Compared.NEVER,
        input=_OURS,
        in_clear=DECIDES,
    ),
    "digest": Attribute("Digest of the image", {"type": "string"}, computed=Computed.FOUND),
    "image": Attribute("REPOSITORY@DIGEST", {"type": "string"}, computed=Computed.FOUND),
    "image_id": Attribute(
        "Digest of the image's config", {"type": "string"}, computed=Computed.FOUND
    ),
    "inputs_digest": Attribute(
        "Digest of all inputs",
        {"type": "string"},
        computed=Computed.FOLLOWS,
    ),
    "metadata": Attribute(
        "What the builder reports",
        {"type": "object"},
        computed=Computed.FOUND,
        hidden=Hidden.IN_PLANS,
    ),
}

INTERNAL: Final[Mapping[str, Attribute]] = {
    "connection": Attribute(
        "What reaches its builder",
        {},
        hidden=Hidden.EVERYWHERE,
        input=NotInput("who builds it, not what is built"),
    ),
    "outputs": Attribute(
        "What was written to this machine, by path",
        {},
        computed=Computed.FOUND,
    ),
}
"""What envdplan itself keeps with every build."""
