"""Images written to folders of this machine as OCI layouts: outputs with `tar = false`.

The builder writes the blobs by the content service; the index that names the image is ours to
write, as with BuildKit's own client (client/solve.go).
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from envdplan.clients.buildkit.request import SolveRequest
from envdplan.clients.buildkit.session.content import Stores, blob
from envdplan.clients.buildkit.session.localcache import put_manifest
from envdplan.clients.buildkit.session.services import Abort
from envdplan.ground import jsontext
from envdplan.ground.diagnostics import Refused
from envdplan.ground.imagenames import InvalidReference, parse_reference

STORE: Final = "export"
"""The id that builders ask for; so there is one in a build."""
_DESCRIPTOR: Final = "containerimage.descriptor"
_NAMES: Final = "image.name"
_IMAGE_NAME: Final = "io.containerd.image.name"
_LARGEST_MANIFEST: Final = 4 * 1024 * 1024
"""Bytes; what is larger is no manifest (distribution's own limit)."""


def stores(request: SolveRequest) -> Stores:
    """The folder that the builder may write to."""
    return dict(zip((STORE,), _folders(request), strict=False))


def _folders(request: SolveRequest) -> Iterator[Path]:
    for one in request.exports:
        if one.destination is not None and one.attributes.get("tar") == "false":
            yield Path(one.destination)


def record(request: SolveRequest, response: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """After a solve: name the image in the index. By folder: the relative paths of all of it.

    Raises Refused when the builder told none, or did not send all of it.
    """
    written: dict[str, tuple[str, ...]] = {}
    for folder in _folders(request):
        descriptor = _descriptor(response.get(_DESCRIPTOR, ""))
        blobs = (blob(folder, one) for one in _whole(folder, str(descriptor["digest"])))
        files = (*blobs, folder / "index.json", folder / "oci-layout")
        written[str(folder)] = tuple(str(one.relative_to(folder)) for one in files)
        for name in response.get(_NAMES, "").split(","):
            tag = _tag(name)
            notes = {_IMAGE_NAME: name} if name else {}
            put_manifest(folder, {**descriptor, "annotations": notes}, tag)
        with suppress(OSError):
            (folder / "ingest").rmdir()  # nothing is on its way any more
    return written


def _whole(folder: Path, digest: str) -> set[str]:
    """The blobs of the image. Each has to be there: a builder's word for it does not count."""
    waiting, seen = [digest], set[str]()
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += _parts(folder, one)
    return seen


def _parts(folder: Path, digest: str) -> list[str]:
    """What a manifest or index names. Raises Refused when it is not in the folder."""
    try:
        path = blob(folder, digest)
        size = path.stat().st_size
        document = jsontext.loads(path.read_bytes()) if size <= _LARGEST_MANIFEST else None
    except (Abort, OSError):
        raise Refused(
            "Builder did not send all results",
            f"It reports success, but {digest} is not in {folder}. Build again, and look into "
            "the builder's log if it happens again.",
        ) from None
    except ValueError:
        return []  # a layer
    return list(_named(document)) if isinstance(document, dict) else []


def _named(document: Mapping[str, object]) -> Iterator[str]:
    if not {"layers", "manifests"} & {*document}:
        return  # a configuration
    entries = [document.get("config")]
    for name in ("layers", "manifests"):
        found = document.get(name)
        entries += found if isinstance(found, list) else []
    for one in entries:
        if isinstance(one, dict) and isinstance(one.get("digest"), str) and not one.get("urls"):
            yield one["digest"]


def _tag(name: str) -> str:
    try:
        return parse_reference(name).tag or "latest"
    except InvalidReference:
        return "latest"


def _descriptor(encoded: str) -> dict[str, object]:
    try:
        found = jsontext.loads(base64.b64decode(encoded))
    except (binascii.Error, ValueError):
        found = None
    if isinstance(found, dict) and isinstance(found.get("digest"), str):
        return found
    raise Refused(
        "Builder sent no digest of its result",
        "It wrote an image to a folder without reporting its digest, which needs BuildKit "
        "0.11. Use a newer builder, or tar = true.",
    )
