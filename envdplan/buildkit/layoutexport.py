"""Images written to folders of this machine as OCI layouts: outputs with `tar = false`.

The builder writes the blobs by the content service; the index that names the image is ours to
write, as with BuildKit's own client (client/solve.go).
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from envdplan.buildkit.content import Stores
from envdplan.buildkit.localcache import put_manifest
from envdplan.buildkit.request import SolveRequest
from envdplan.diagnostics import Refused
from envdplan.imagenames import InvalidReference, parse_reference

STORE: Final = "export"
"""The id that builders ask for; so there is one in a build."""
_DESCRIPTOR: Final = "containerimage.descriptor"
_NAMES: Final = "image.name"
_IMAGE_NAME: Final = "io.containerd.image.name"


def stores(request: SolveRequest) -> Stores:
    """The folder that the builder may write to."""
    return dict(zip((STORE,), _folders(request), strict=False))


def _folders(request: SolveRequest) -> Iterator[Path]:
    for one in request.exports:
        if one.destination is not None and one.attributes.get("tar") == "false":
            yield Path(one.destination)


def record(request: SolveRequest, response: Mapping[str, str]) -> None:
    """After a solve: name the image in the index. Raises Refused when the builder told none."""
    for folder in _folders(request):
        descriptor = _descriptor(response.get(_DESCRIPTOR, ""))
        for name in response.get(_NAMES, "").split(","):
            tag = _tag(name)
            notes = {_IMAGE_NAME: name} if name else {}
            put_manifest(folder, {**descriptor, "annotations": notes}, tag)
        with suppress(OSError):
            (folder / "ingest").rmdir()  # nothing is on its way any more


def _tag(name: str) -> str:
    try:
        return parse_reference(name).tag or "latest"
    except InvalidReference:
        return "latest"


def _descriptor(encoded: str) -> dict[str, object]:
    try:
        found = json.loads(base64.b64decode(encoded))
    except (binascii.Error, ValueError):
        found = None
    if isinstance(found, dict) and isinstance(found.get("digest"), str):
        return found
    raise Refused(
        "The builder does not say what it wrote",
        "It wrote an image to a folder, but told no digest of it. Builders do since BuildKit "
        "0.11: use a newer one, or tar = true.",
    )
