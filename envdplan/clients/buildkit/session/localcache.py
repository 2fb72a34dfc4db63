"""Local caches of a solve: which stores they need, and the index that names their content."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from envdplan.clients.buildkit.request import CacheEntry, SolveRequest
from envdplan.clients.buildkit.session.content import Stores, blob
from envdplan.clients.buildkit.session.services import Abort
from envdplan.ground import jsontext
from envdplan.ground.diagnostics import CorruptFile, Refused
from envdplan.ground.files_on_disk import replace_file
from envdplan.ground.reading import read_regular

LOCAL = "local"
_MANIFEST = "cache.manifest"
"""The key of the exporters' response with the descriptor (moby/buildkit, client/solve.go)."""
_REF_NAME = "org.opencontainers.image.ref.name"
_INDEX = "application/vnd.oci.image.index.v1+json"


def prepared(request: SolveRequest) -> SolveRequest:
    """The request with the digests of its local imports, and without those that are not there.

    A cache that does not exist yet is no error: the first build makes it. Raises CorruptFile.
    """
    imports = tuple(found for one in request.cache_imports for found in _found(one))
    return replace(request, cache_imports=imports)


def stores(request: SolveRequest) -> Stores:
    """The directories that the builder may write to, by the ids that it asks for."""
    targets = [one.attributes.get("dest", "") for one in _local(request.cache_exports)]
    return {f"local:{path}": Path(path) for path in targets if path}


def layouts(request: SolveRequest) -> Stores:
    """The directories that it may read only, by the ids that it asks for."""
    sources = [one.attributes.get("src", "") for one in _local(request.cache_imports)]
    caches = {f"local:{path}": Path(path) for path in sources if path}
    return {**caches, **{f"oci:{name}": Path(path) for name, path in request.layouts.items()}}


def manifest_digests(store: Path) -> dict[str, str]:
    """The digests in the index of an OCI layout by their tags; by themselves without one."""
    found: dict[str, str] = {}
    for one in _manifests(_index(store)):
        digest = str(one.get("digest", ""))
        found[str(_annotations(one).get(_REF_NAME, digest))] = digest
    return found


def record(request: SolveRequest, response: Mapping[str, str]) -> None:
    """After a solve: name the exported cache in the index of its directory."""
    manifest = response.get(_MANIFEST)
    if not manifest:
        return
    for entry in _local(request.cache_exports):
        store = Path(entry.attributes["dest"])
        put_manifest(store, _described(manifest, store), _tag(entry))


def _described(manifest: str, store: Path) -> dict[str, object]:
    """The descriptor of a cache that has arrived. Raises Refused."""
    try:
        found = jsontext.loads(manifest)
    except ValueError:
        found = None
    if isinstance(found, dict) and _has(store, str(found.get("digest"))):
        return found
    raise Refused(
        "Builder did not send all results",
        f"It reports success, but the cache is not in {store}. Build again, and look into the "
        "builder's log if it happens again.",
    )


def _local(entries: Iterable[CacheEntry]) -> Iterable[CacheEntry]:
    return (one for one in entries if one.type == LOCAL)


def _tag(entry: CacheEntry) -> str:
    return entry.attributes.get("tag", "latest")


def _found(entry: CacheEntry) -> Iterable[CacheEntry]:
    if entry.type != LOCAL:
        return (entry,)
    store = Path(entry.attributes.get("src", ""))
    digest = entry.attributes.get("digest") or _named(store, _tag(entry))
    if not digest or not _has(store, digest):
        return ()
    return (replace(entry, attributes={**entry.attributes, "digest": digest}),)


def _has(store: Path, digest: str) -> bool:
    try:
        return blob(store, digest).exists()
    except Abort:
        return False


def _named(store: Path, tag: str) -> str:
    return manifest_digests(store).get(tag, "")


def _index(store: Path) -> dict[str, object]:
    path = store / "index.json"
    try:
        content = jsontext.loads(read_regular(path))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _corrupt(path, str(error)) from error
    if not isinstance(content, dict):
        raise _corrupt(path, "it holds no object")
    return content


def _corrupt(path: Path, reason: str) -> CorruptFile:
    detail = f"{path}: {reason}. Remove the directory; a build that writes it recreates it."
    return CorruptFile("Index of an OCI layout cannot be read", detail)


def _manifests(index: Mapping[str, object]) -> list[dict[str, object]]:
    found = index.get("manifests")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _annotations(manifest: Mapping[str, object]) -> dict[str, object]:
    found = manifest.get("annotations")
    return found if isinstance(found, dict) else {}


def put_manifest(store: Path, manifest: dict[str, object], tag: str) -> None:
    """Name `manifest` in the index of an OCI layout.

    It replaces the one of the same tag; others are kept.
    """
    index = _index(store)
    manifest["annotations"] = {**_annotations(manifest), _REF_NAME: tag}
    kept = [one for one in _manifests(index) if _annotations(one).get(_REF_NAME) != tag]
    index = {"schemaVersion": 2, "mediaType": _INDEX, **index, "manifests": [*kept, manifest]}
    _replace(store / "oci-layout", {"imageLayoutVersion": "1.0.0"})
    _replace(store / "index.json", index)


def _replace(path: Path, content: object) -> None:
    replace_file(path, json.dumps(content).encode(), mode=0o644)
