"""The attributes of a build, as a JSON Schema."""

from typing import Final

from envdplan.frontends.frontendschema import ATTEST, CONTEXTS, FRONTEND, SSH, SYNTAX
from envdplan.schema import JsonSchema

_STRINGS: Final[JsonSchema] = {"type": "array", "items": {"type": "string"}}
_TEXTS: Final[JsonSchema] = {"type": "object", "additionalProperties": {"type": "string"}}

EXPORTERS: Final = ("image", "registry", "docker", "oci", "tar", "local", "cacheonly")

_PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE: Final = (
    r"^(?:(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]+)?/)?"
    rf"{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?$"
)
"""Docker's grammar of image names (distribution/reference)."""

_OUTPUT: Final[JsonSchema] = {
    "type": "object",
    "description": "Where the result goes: one exporter",
    "required": ["type"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "enum": list(EXPORTERS), "description": "The exporter"},
        "push": {"type": "boolean", "description": "Push the image to the registries of its tags"},
        "names": {
            "type": "array",
            "items": {
                "type": "string",
                "pattern": _IMAGE,
                "description": "an image name such as HOST/PATH:TAG, in lower case but for the tag",
            },
            "description": "Names of the image in this output (default: tags)",
        },
        "dest": {
            "type": "string",
            "x-path": True,
            "minLength": 1,
            "description": "File (docker, oci, tar) or directory (local) to write; no link in the "
            "directory of the configuration is followed to it",
        },
        "compression": {
            "type": "string",
            "enum": ["uncompressed", "gzip", "estargz", "zstd"],
            "description": "Compression of the layers",
        },
        "compression_level": {
            "type": "integer",
            "minimum": 0,
            "description": "Level of the compression, 0 or more, as the method has it",
        },
        "force_compression": {
            "type": "boolean",
            "description": "Compress layers that exist already too",
        },
        "oci_mediatypes": {"type": "boolean", "description": "OCI media types, not Docker's"},
        "rewrite_timestamp": {
            "type": "boolean",
            "description": "Set file times to the build argument SOURCE_DATE_EPOCH",
        },
        "tar": {
            "type": "boolean",
            "description": "For oci and docker: one tar file (default), or an OCI layout",
        },
    },
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

_SECRET: Final[JsonSchema] = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "minLength": 1, "description": "Its name in the Dockerfile"},
        "env": {"type": "string", "minLength": 1, "description": "Environment variable to read"},
        "file": {"type": "string", "x-path": True, "description": "File to read"},
        "value": {"type": "string", "writeOnly": True, "description": "A sensitive value"},
    },
}

_ULIMIT = r"^[a-z]+=-?\d{1,19}(:-?\d{1,19})?$"
_SIZE = r"^\d{1,18}(\.\d{1,18})?\s*[kKmMgG]?i?[bB]?$"

PROPERTIES: Final[dict[str, JsonSchema]] = {
    "context": {
        "type": ["string", "null"],
        "x-reference": "context",
        "x-unplanned": True,
        "description": (
            "The envd context whose builder runs it: context.NAME, or the name of one in the "
            "context store. Default: the one with use = true, else the store's current one"
        ),
    },
    "path": {
        "type": "string",
        "default": ".",
        "x-path": True,
        "minLength": 1,
        "description": "Source directory",
    },
    "dockerfile": {
        "type": "string",
        "minLength": 1,
        "description": "Dockerfile, relative to path (default: Dockerfile, else dockerfile)",
    },
    "dockerfile_inline": {"type": "string", "description": "The text of the Dockerfile itself"},
    "ignore_file": {
        "type": "string",
        "x-path": True,
        "description": "Patterns of files that are no part of the source (default: .dockerignore)",
    },
    "contexts": CONTEXTS,
    "frontend": FRONTEND,
    "syntax": SYNTAX,
    "args": {**_TEXTS, "description": "Build arguments"},
    "labels": {**_TEXTS, "description": "Labels of the image"},
    "annotations": {
        **_TEXTS,
        "description": "Annotations; a key can begin with index:, manifest: and the like",
    },
    "target": {"type": "string", "description": "Stage of the Dockerfile to build"},
    "tags": {
        "type": "array",
        "items": {
            "type": "string",
            "pattern": _IMAGE,
            "description": "an image name such as HOST/PATH:TAG, in lower case but for the tag",
        },
        "description": "Names of the image",
    },
    "platforms": {
        "type": "array",
        "items": {
            "type": "string",
            "pattern": r"^[a-z0-9]+/[a-z0-9]+(/[a-z0-9.]+)?$",
            "description": "OS/ARCHITECTURE[/VARIANT], such as linux/amd64",
        },
        "description": "Platforms such as linux/amd64 (default: the builder's own)",
    },
    "network": {
        "type": "string",
        "enum": ["default", "none", "host", "sandbox"],
        "description": "Network of RUN steps",
    },
    "extra_hosts": {**_TEXTS, "description": "Further names and their addresses for RUN steps"},
    "shm_size": {
        "type": "string",
        "pattern": _SIZE,
        "description": "Size of /dev/shm for RUN steps, such as 256m",
    },
    "ulimits": {
        "type": "array",
        "items": {"type": "string", "pattern": _ULIMIT, "description": "NAME=SOFT[:HARD]"},
        "description": "Limits of RUN steps, such as nofile=1024:4096",
    },
    "entitlements": {
        "type": "array",
        "items": {"type": "string", "enum": ["network.host", "security.insecure"]},
        "description": "What the build may do beyond the usual",
    },
    "no_cache": {
        "type": "boolean",
        "default": False,
        "x-unplanned": True,
        "description": "Run all steps anew when the build runs",
    },
    "no_cache_filter": {
        **_STRINGS,
        "x-unplanned": True,
        "description": "Stages whose steps run anew when the build runs",
    },
    "pull": {
        "type": "boolean",
        "default": False,
        "x-unplanned": True,
        "description": "Ask the registry for base images that are here already",
    },
    "push": {
        "type": "boolean",
        "default": False,
        "description": "Push the image: short for an output of type image with push = true",
    },
    "load": {
        "type": "boolean",
        "default": False,
        "description": "Load the image into the Docker Engine: short for an output of type docker",
    },
    "output": {"type": "array", "items": _OUTPUT, "description": "Exporters"},
    "import_cache": {
        "type": "array",
        "items": _CACHE,
        "x-unplanned": True,
        "description": "Caches to begin with",
    },
    "export_cache": {
        "type": "array",
        "items": _CACHE,
        "x-unplanned": True,
        "description": "Caches to write",
    },
    "secret": {
        "type": "array",
        "items": _SECRET,
        "description": "Secrets for RUN --mount=type=secret, read when the builder asks for them",
    },
    "registries": {
        "type": "array",
        "x-unplanned": True,
        "items": {
            "type": "string",
            "pattern": r"^(\*|[^/\s]+)$",
            "description": "HOST[:PORT], or * for every registry that you are logged in to",
        },
        "description": "Registries that the builder may be logged in to as you are, besides those "
        "that the build names",
    },
    "ssh": SSH,
    "attest": ATTEST,
    "triggers": {
        **_TEXTS,
        "description": "Any change of a value makes the build run; steps that the "
        "builder has cached stay so unless no_cache or no_cache_filter says otherwise",
    },
    "timeout": {
        "type": "number",
        "minimum": 1,
        "x-unplanned": True,
        "description": "Seconds that one run of the build may take, 1 or more (default: no limit)",
    },
    "retries": {
        "type": "integer",
        "minimum": 0,
        "x-unplanned": True,
        "description": "So many more runs after one that failed, 0 or more (default: none)",
    },
    "digest": {"type": "string", "readOnly": True, "description": "Digest of the image"},
    "image": {"type": "string", "readOnly": True, "description": "REPOSITORY@DIGEST"},
    "image_id": {"type": "string", "readOnly": True, "description": "Digest of the image's config"},
    "inputs_digest": {"type": "string", "readOnly": True, "description": "Digest of all inputs"},
    "metadata": {"type": "object", "readOnly": True, "description": "What the builder reports"},
}
