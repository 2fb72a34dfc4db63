"""Manifests and indexes as data: OCI image-spec v1 and Docker's schema 2, which are twins."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from envdplan.ground import jsontext
from envdplan.ground.diagnostics import Refused
from envdplan.ground.imagenames import is_digest

OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"

INDEX_TYPES: Final = frozenset({OCI_INDEX, DOCKER_LIST})
MANIFEST_TYPES: Final = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})

ACCEPT: Final = f"{OCI_INDEX}, {DOCKER_LIST}, {OCI_MANIFEST}, {DOCKER_MANIFEST}"
"""All four, always: with fewer, a registry may convert, and the digest is another one."""

_ATTESTATION: Final = "vnd.docker.reference.type"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A pointer from one object to another. `fields` is all that was written, for copying."""

    digest: str
    size: int
    media_type: str
    fields: Mapping[str, object] = field(repr=False)

    @property
    def platform(self) -> str | None:
        """Normalised platform (`linux/arm64`), where one is given."""
        given = self.fields.get("platform")
        return platform_text(given) if isinstance(given, dict) else None

    @property
    def is_attestation(self) -> bool:
        """Whether it is no image but BuildKit's statement about one (docs/attestations)."""
        notes = self.fields.get("annotations")
        marked = isinstance(notes, dict) and _ATTESTATION in notes
        return marked or self.platform == "unknown/unknown"

    @property
    def is_foreign(self) -> bool:
        """Whether the content lies elsewhere by licence, so that registries do not hold it."""
        return bool(self.fields.get("urls")) or "nondistributable" in self.media_type


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest or an index with the exact bytes that its digest is of."""

    media_type: str
    digest: str
    content: bytes = field(repr=False)
    document: Mapping[str, object] = field(repr=False)

    @property
    def is_index(self) -> bool:
        """Whether it points to manifests rather than to layers."""
        return self.media_type in INDEX_TYPES

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its own annotations."""
        notes = self.document.get("annotations")
        pairs = notes.items() if isinstance(notes, dict) else ()
        return {key: value for key, value in pairs if isinstance(value, str)}

    @property
    def entries(self) -> tuple[Descriptor, ...]:
        """An index's manifests, attestations too. Raises Refused for a malformed one."""
        return _descriptors(self.document.get("manifests"))

    @property
    def images(self) -> tuple[Descriptor, ...]:
        """An index's manifests that are images."""
        return tuple(one for one in self.entries if not one.is_attestation)

    @property
    def config(self) -> Descriptor:
        """A manifest's configuration. Raises Refused for a malformed one."""
        return _descriptor(self.document.get("config"))

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        """A manifest's layers. Raises Refused for a malformed one."""
        return _descriptors(self.document.get("layers"))


def digest_of(content: bytes, like: str = "sha256:") -> str:
    """The digest of `content`, with the algorithm of the digest `like`."""
    algorithm = like.partition(":")[0]
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def check_digest(content: bytes, digest: str, what: str) -> None:
    """Raises Refused when `content` is not what `digest` names."""
    if not is_digest(digest) or digest_of(content, digest) != digest:
        raise Refused(
            "Registry sent other content than requested",
            f"The content of {what} does not have the digest {digest}. It was damaged or changed "
            "on its way or in the registry. Push the image anew, and check proxies in between.",
        )


def decode_manifest(
    content: bytes, content_type: str, what: str, like: str = "sha256:"
) -> Manifest:
    """Read the bytes of a manifest; `what` is the image, for messages. Raises Refused.

    Its digest is computed with the algorithm of the digest `like`.
    """
    try:
        document = jsontext.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise _malformed(what, "it is not a JSON object")
    media_type = _media_type(document, content_type.partition(";")[0].strip().lower())
    if media_type not in INDEX_TYPES | MANIFEST_TYPES:
        raise _malformed(what, f"its type {media_type[:100]!r} is not one of OCI's or Docker's")
    return Manifest(media_type, digest_of(content, like), content, document)


def _media_type(document: Mapping[str, object], content_type: str) -> str:
    """What the document says it is; else the header; else what it looks like."""
    stated = document.get("mediaType")
    if isinstance(stated, str) and stated:
        return stated
    if content_type in INDEX_TYPES | MANIFEST_TYPES:
        return content_type
    if document.get("schemaVersion") == 1:
        return content_type or "schema 1"
    return OCI_INDEX if "manifests" in document else OCI_MANIFEST


def encode_index(
    media_type: str, entries: tuple[Descriptor, ...], notes: Mapping[str, str]
) -> bytes:
    """The bytes of an index over `entries`, always the same for the same arguments."""
    document: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": [one.fields for one in entries],
    }
    if notes:
        document["annotations"] = dict(sorted(notes.items()))
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def platform_text(fields: Mapping[str, object]) -> str:
    """`os/architecture[/variant]`, normalised as containerd does (platforms, "Normalize")."""
    system, architecture, variant = (
        value if isinstance(value := fields.get(key), str) else ""
        for key in ("os", "architecture", "variant")
    )
    match architecture, variant:
        case ("arm64", "v8" | "8") | ("amd64", "v1"):
            variant = ""
        case ("arm", ""):
            variant = "v7"
    return "/".join(part for part in (system, architecture, variant) if part)


def _descriptors(value: object) -> tuple[Descriptor, ...]:
    return tuple(_descriptor(one) for one in value) if isinstance(value, list) else ()


def _descriptor(value: object) -> Descriptor:
    """A descriptor with a well-formed digest, since digests become parts of URLs."""
    fields = value if isinstance(value, dict) else {}
    digest, size, media_type = (fields.get(key) for key in ("digest", "size", "mediaType"))
    if not isinstance(digest, str) or not is_digest(digest):
        raise _malformed("an image", "it points to something without a proper digest")
    if not isinstance(size, int) or size < 0:
        raise _malformed("an image", f"it does not say how large {digest} is")
    return Descriptor(digest, size, media_type if isinstance(media_type, str) else "", fields)


def _malformed(what: str, why: str) -> Refused:
    return Refused(
        "Image manifest cannot be used",
        f"The registry's manifest of {what} cannot be used: {why}. Build and push it anew.",
    )
