"""Reads from registries: does an image exist, which digest, platforms, labels does it have.

The API is that of the OCI distribution specification 1.1.
"""

import re
from collections.abc import Mapping
from typing import Final

from envdplan.clients.registry.answers import Existence, Found, Missing, Unclear
from envdplan.clients.registry.authorization import Authorizer
from envdplan.clients.registry.challenges import Challenge
from envdplan.clients.registry.credentials import Credentials
from envdplan.clients.registry.exchange import Call, Exchange, scopes_for
from envdplan.clients.registry.hosts import api_host
from envdplan.clients.registry.manifests import (
    ACCEPT,
    Descriptor,
    Manifest,
    check_digest,
    decode_manifest,
    digest_of,
    platform_text,
)
from envdplan.clients.registry.messages import Answer
from envdplan.clients.registry.refusals import error_codes, refusal
from envdplan.clients.registry.tokens import IssuedToken, TokenQuery, fetch_token
from envdplan.clients.registry.transport import Transport
from envdplan.clients.registry.urls import origin
from envdplan.ground import jsontext
from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.ground.imagenames import ImageReference, is_digest

_OK: Final = 200
_NOT_FOUND: Final = 404
_NO_HEAD: Final = frozenset({404, 405})
_GONE: Final = frozenset({"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"})
_NEXT_PAGE = re.compile(r'<([^<>]*+)>\s*+;\s*+rel="?next"?')
_MOST_PAGES: Final = 100


class RegistryReader:
    """Looks into registries and changes nothing. Any thread may use it.

    Methods raise Refused for a definite no, Unreachable when there is no answer; their text
    says what to do.
    """

    def __init__(self, transport: Transport, credentials: Credentials) -> None:
        self._transport = transport
        self._credentials = credentials
        self._authorizer = Authorizer(transport, credentials)
        self._exchange = Exchange(transport, self._authorizer)

    def head(self, reference: ImageReference) -> Existence:
        """Whether the image exists, and with which digest. Raises nothing."""
        try:
            return self._head(reference)
        except EnvdplanError as error:
            if isinstance(error, Refused) and (found := self._as_pusher(reference)):
                return found
            return Unclear(error.detail or error.summary, error.summary)

    def manifest(self, reference: ImageReference) -> Manifest:
        """The manifest or index of the image, checked against every digest that is known."""
        answer = self._ask("GET", reference, f"manifests/{reference.selector}", ACCEPT)
        if answer.status != _OK:
            raise refusal(reference.host, reference.path, answer)
        stated = reference.digest or answer.headers.get("docker-content-digest")
        if stated:
            check_digest(answer.body, stated, str(reference))
        content_type = answer.headers.get("content-type", "")
        return decode_manifest(answer.body, content_type, str(reference), stated or "sha256:")

    def config(self, reference: ImageReference) -> Mapping[str, object]:
        """The image configuration; of an index, that of its first image."""
        manifest = self.manifest(reference)
        if manifest.is_index:
            manifest = self.manifest(reference.at_digest(_first(manifest, reference).digest))
        return self._config(reference, manifest)

    def config_labels(self, reference: ImageReference) -> dict[str, str]:
        """The labels of the image configuration; of an index, of its first image."""
        config = self.config(reference).get("config")
        labels = config.get("Labels") if isinstance(config, dict) else None
        pairs = labels.items() if isinstance(labels, dict) else ()
        return {key: value for key, value in pairs if isinstance(value, str)}

    def platforms(self, reference: ImageReference) -> dict[str, str]:
        """Manifest digests by normalised platform (`linux/arm64`), without attestations."""
        manifest = self.manifest(reference)
        if not manifest.is_index:
            return {self._platform(reference, manifest): manifest.digest}
        found: dict[str, str] = {}
        for entry in manifest.images:
            found.setdefault(entry.platform or "unknown", entry.digest)
        return found

    def tags(self, reference: ImageReference) -> tuple[str, ...]:
        """All tags of the image's repository, as the registry orders them."""
        found: list[str] = []
        path = "tags/list?n=1000"
        for _ in range(_MOST_PAGES):
            answer = self._ask("GET", reference, path, "application/json")
            if answer.status != _OK:
                raise refusal(reference.host, reference.path, answer)
            found.extend(_tags(answer))
            more = _NEXT_PAGE.search(answer.headers.get("link", ""))
            if more is None:
                break
            path = f"tags/list?{more[1].partition('?')[2]}"
        return tuple(found)

    def challenge(self, host: str) -> Challenge | None:
        """How the registry `host` wants to be asked; None when it wants no login at all.

        Raises EnvdplanError when it does not answer.
        """
        server = api_host(host)
        if self._authorizer.challenge(server) is None:
            self._authorizer.learn(server)
        return self._authorizer.challenge(server)

    def token(self, query: TokenQuery, credentials: Credentials | None = None) -> IssuedToken:
        """A token for someone who asks a registry in our name, such as a builder.

        `credentials` are those that may be used for them; by default all of ours.
        The login goes only to the registry itself or to the token server that the registry
        names to us: whoever asks could name any other. Raises Refused otherwise.
        """
        realm = origin(query.realm)
        if realm != origin(self._transport.base_url(api_host(query.host))):
            challenge = self.challenge(query.host)
            if challenge is None or origin(challenge.realm) != realm:
                raise _strange_realm(query)
        credential = (credentials or self._credentials).for_host(query.host)
        return fetch_token(self._transport, query, credential)

    def _as_pusher(self, reference: ImageReference) -> Existence | None:
        """What somebody who may push is told, where that is another right than to pull.

        Docker Hub and others let nobody look into a repository that does not exist yet, but
        give the right to push to those who may make it.
        """
        host = api_host(reference.host)
        challenge = self._authorizer.challenge(host)
        if challenge is None or challenge.scheme != "bearer":
            return None
        try:
            login = self._credentials.for_host(host)
            return None if login is None else self._head(reference, push=True)
        except EnvdplanError:
            return None

    def _head(self, reference: ImageReference, *, push: bool = False) -> Existence:
        path = f"manifests/{reference.selector}"
        answer = self._ask("HEAD", reference, path, ACCEPT, push=push)
        complete = answer.status == _OK and "docker-content-digest" in answer.headers
        if answer.status in _NO_HEAD or (answer.status == _OK and not complete):
            answer = self._ask("GET", reference, path, ACCEPT, push=push)
        if answer.status == _OK:
            return _found(reference, answer)
        if answer.status == _NOT_FOUND and _is_definite(answer):
            return Missing()
        raise refusal(reference.host, reference.path, answer)

    def _config(self, reference: ImageReference, manifest: Manifest) -> Mapping[str, object]:
        try:
            document = jsontext.loads(self._blob(reference, manifest.config))
        except ValueError:
            return {}  # an artifact may have any configuration
        return document if isinstance(document, dict) else {}

    def _platform(self, reference: ImageReference, manifest: Manifest) -> str:
        return platform_text(self._config(reference, manifest)) or "unknown"

    def _blob(self, reference: ImageReference, wanted: Descriptor) -> bytes:
        answer = self._ask("GET", reference, f"blobs/{wanted.digest}", "*/*")
        if answer.status != _OK:
            raise refusal(reference.host, reference.path, answer)
        check_digest(answer.body, wanted.digest, f"a part of {reference}")
        return answer.body

    def _ask(
        self, method: str, reference: ImageReference, path: str, accept: str, *, push: bool = False
    ) -> Answer:
        call = Call(
            method,
            api_host(reference.host),
            f"/v2/{reference.path}/{path}",
            scopes_for(reference.path, push=push),
            {"accept": accept},
        )
        return self._exchange.ask(call)


def _strange_realm(query: TokenQuery) -> Refused:
    return Refused(
        "Unknown server asked for a login",
        f"A token for {query.host} was requested from {query.realm[:200]!r}, but that is not "
        "the token server that the registry names. The login was not sent. Check whether the "
        "builder reaches the same registry as this machine.",
    )


def _first(index: Manifest, reference: ImageReference) -> Descriptor:
    if index.images:
        return index.images[0]
    raise Refused(
        "Image index is empty",
        f"{reference} is an index that holds no image for any platform. Build and push it anew.",
    )


def _found(reference: ImageReference, answer: Answer) -> Existence:
    stated = answer.headers.get("docker-content-digest", "")
    digest = digest_of(answer.body, stated or "sha256:") if answer.body else stated
    if not is_digest(digest) or digest != (reference.digest or stated or digest):
        return Unclear(
            f"The registry {reference.host} answers for {reference} with the digest "
            f"{stated[:100]!r}, which is not that of the content asked for. Check for a proxy "
            "or mirror in between."
        )
    size = len(answer.body) or _size(answer)
    return Found(digest, answer.headers.get("content-type", "").partition(";")[0], size)


def _size(answer: Answer) -> int:
    length = answer.headers.get("content-length", "")
    return int(length[:18]) if length.isascii() and length.isdigit() else 0


def _is_definite(answer: Answer) -> bool:
    """Whether a 404 is the registry's own: its codes, or at least no web page of a stranger."""
    if codes := error_codes(answer):
        return bool(codes & _GONE)
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    return not is_page or "docker-distribution-api-version" in answer.headers


def _tags(answer: Answer) -> list[str]:
    try:
        document = jsontext.loads(answer.body)
    except ValueError:
        return []
    names = document.get("tags") if isinstance(document, dict) else None
    return [one for one in names if isinstance(one, str)] if isinstance(names, list) else []
