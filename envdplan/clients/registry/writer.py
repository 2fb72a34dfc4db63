"""Writes to registries: moves tags and assembles indexes, never changing an image's bytes.

Uploads and mounts are those of the OCI distribution specification 1.1, "Push".
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import urlencode

from envdplan.clients.registry.answers import Found
from envdplan.clients.registry.exchange import Call, scopes_for
from envdplan.clients.registry.hosts import api_host
from envdplan.clients.registry.manifests import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    Descriptor,
    Manifest,
    digest_of,
    encode_index,
)
from envdplan.clients.registry.messages import Answer
from envdplan.clients.registry.reader import RegistryReader
from envdplan.clients.registry.refusals import refusal
from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.ground.imagenames import ImageReference

_OK: Final = 200
_CREATED: Final = 201
_ACCEPTED: Final = 202
_PLATFORM_KEYS: Final = ("architecture", "os", "variant", "os.version", "os.features")


class RegistryWriter(RegistryReader):
    """Reads and writes. Errors are those of RegistryReader; no image is ever deleted."""

    def put_tag(self, source: ImageReference, target: ImageReference) -> str:
        """Make `target` name the image `source`, and return the digest, which is the same.

        An index keeps all its platforms and attestations. In another repository of the same
        registry the layers are mounted; where that is not possible they are copied.
        """
        manifest = self.manifest(source)
        if source.repository != target.repository:
            self._copy_parts(source, target, manifest)
        self._put(target, manifest)
        return manifest.digest

    def check_push(self, target: ImageReference) -> None:
        """Whether we may push to the repository of `target`. Raises Refused and Unreachable.

        An upload is begun, as a push would, and cancelled: nothing stays there. A registry that
        cannot cancel forgets it by itself.
        """
        host, path = api_host(target.host), f"/v2/{target.path}/blobs/uploads/"
        scopes = scopes_for(target.path, push=True)
        headers = {"content-length": "0"}
        answer = self._exchange.ask(Call("POST", host, path, scopes, headers, b""))
        if answer.status not in {_CREATED, _ACCEPTED}:
            raise refusal(target.host, target.path, answer)
        if location := answer.headers.get("location"):
            with suppress(EnvdplanError):
                self._exchange.ask(Call("DELETE", host, location, scopes))

    def put_index(
        self,
        target: ImageReference,
        parts: Iterable[ImageReference],
        annotations: Mapping[str, str] | None = None,
    ) -> str:
        """Make `target` name an index of the images `parts`, and return its digest.

        A part that is an index itself adds all its entries. Raises Refused when two parts are
        for the same platform.
        """
        entries = tuple(entry for part in parts for entry in self._entries(part, target))
        entries = tuple({entry.digest: entry for entry in entries}.values())
        _check_platforms(entries, target)
        docker = not annotations and all(e.media_type == DOCKER_MANIFEST for e in entries)
        media_type = DOCKER_LIST if docker else OCI_INDEX
        content = encode_index(media_type, entries, annotations or {})
        index = Manifest(media_type, digest_of(content), content, {})
        self._put(target if target.tag else target.at_digest(index.digest), index)
        return index.digest

    def _entries(self, part: ImageReference, target: ImageReference) -> Iterator[Descriptor]:
        manifest = self.manifest(part)
        if manifest.is_index:
            if part.repository != target.repository:
                self._copy_parts(part, target, manifest)
            yield from manifest.entries
            return
        if part.repository != target.repository:
            self._copy(part, target, manifest)
        yield self._entry(part, manifest)

    def _entry(self, part: ImageReference, manifest: Manifest) -> Descriptor:
        config = self._config(part, manifest)
        platform = {key: config[key] for key in _PLATFORM_KEYS if config.get(key)}
        fields = {
            "mediaType": manifest.media_type,
            "digest": manifest.digest,
            "size": len(manifest.content),
            "platform": platform,
        }
        return Descriptor(manifest.digest, len(manifest.content), manifest.media_type, fields)

    def _copy(self, source: ImageReference, target: ImageReference, manifest: Manifest) -> None:
        self._copy_parts(source, target, manifest)
        self._put(target.at_digest(manifest.digest), manifest)

    def _copy_parts(
        self, source: ImageReference, target: ImageReference, manifest: Manifest
    ) -> None:
        """What the manifest points to, so that the target's registry accepts the manifest."""
        if manifest.is_index:
            for entry in manifest.entries:
                at = source.at_digest(entry.digest)
                self._copy(at, target, self.manifest(at))
            return
        for blob in (manifest.config, *manifest.layers):
            if not blob.is_foreign:
                self._copy_blob(source, target, blob)

    def _copy_blob(self, source: ImageReference, target: ImageReference, blob: Descriptor) -> None:
        same_host = api_host(source.host) == api_host(target.host)
        if not same_host and self._has_blob(target, blob):
            return
        scopes = scopes_for(target.path, push=True)
        query = ""
        if same_host:
            scopes |= scopes_for(source.path)
            query = "?" + urlencode({"mount": blob.digest, "from": source.path})
        path = f"/v2/{target.path}/blobs/uploads/{query}"
        headers = {"content-length": "0"}
        answer = self._exchange.ask(Call("POST", api_host(target.host), path, scopes, headers, b""))
        if answer.status == _CREATED:
            return
        if answer.status != _ACCEPTED:
            raise refusal(target.host, target.path, answer)
        self._upload(source, target, blob, answer.headers.get("location", ""), scopes)

    def _upload(
        self,
        source: ImageReference,
        target: ImageReference,
        blob: Descriptor,
        location: str,
        scopes: frozenset[str],
    ) -> None:
        """Carry the blob through this machine; the registry checks its digest."""
        read = Call(
            "GET",
            api_host(source.host),
            f"/v2/{source.path}/blobs/{blob.digest}",
            scopes_for(source.path),
        )
        joint = "&" if "?" in location else "?"
        url = f"{location}{joint}{urlencode({'digest': blob.digest})}"
        headers = {"content-length": str(blob.size), "content-type": "application/octet-stream"}
        with self._exchange.stream(read, source.path) as pieces:
            write = Call("PUT", api_host(target.host), url, scopes, headers, pieces)
            answer = self._exchange.ask(write)
        if answer.status != _CREATED:
            raise refusal(target.host, target.path, answer)

    def _has_blob(self, target: ImageReference, blob: Descriptor) -> bool:
        answer = self._ask("HEAD", target, f"blobs/{blob.digest}", "*/*")
        return answer.status == _OK

    def _put(self, target: ImageReference, manifest: Manifest) -> None:
        """Put the manifest's bytes, and see that the registry holds them under that digest."""
        call = Call(
            "PUT",
            api_host(target.host),
            f"/v2/{target.path}/manifests/{target.selector}",
            scopes_for(target.path, push=True),
            {"content-type": manifest.media_type},
            manifest.content,
        )
        answer = self._exchange.ask(call)
        if answer.status not in {_OK, _CREATED}:
            raise refusal(target.host, target.path, answer)
        if self._stored(target, answer) != manifest.digest:
            raise _changed(target, manifest.digest)

    def _stored(self, target: ImageReference, answer: Answer) -> str | None:
        if stated := answer.headers.get("docker-content-digest"):
            return stated
        existence = self.head(target)
        return existence.digest if isinstance(existence, Found) else None


def _check_platforms(entries: tuple[Descriptor, ...], target: ImageReference) -> None:
    platforms = [entry.platform for entry in entries if not entry.is_attestation]
    twice = sorted({one or "unknown" for one in platforms if platforms.count(one) > 1})
    if twice:
        raise Refused(
            "Two images for one platform",
            f"The index {target} would hold more than one image for {', '.join(twice)}. "
            "Build each platform once.",
        )


def _changed(target: ImageReference, digest: str) -> Refused:
    return Refused(
        "Registry stored other content than was pushed",
        f"{target} was sent with the digest {digest}, but the registry has another one. Another "
        "process may have pushed the same tag, or the registry changes manifests. Plan again.",
    )
