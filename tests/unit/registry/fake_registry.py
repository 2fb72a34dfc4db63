"""A small registry on loopback: the API's parts that the client uses, with faults on demand."""

import hashlib
import json
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import SSLContext
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from envdplan.clients.registry import HostSettings, ImageReference, parse_reference
from envdplan.clients.registry.credentials import Credentials, FixedCredentials
from envdplan.clients.registry.messages import Limits
from envdplan.clients.registry.transport import Transport
from envdplan.clients.registry.writer import RegistryWriter

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"

_MANIFEST_PATH = re.compile(r"/v2/(.+)/manifests/(.+)")
_BLOB_PATH = re.compile(r"/v2/(.+)/blobs/(sha256:.+)")
_UPLOAD_PATH = re.compile(r"/v2/(.+)/blobs/uploads/(.*)")


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Fault = Callable[[Seen], Reply | None]


@dataclass
class FakeRegistry:
    """What it holds and how it behaves; change it before or between requests."""

    host: str = ""
    auth: str = "none"  # none, basic, bearer
    username: str = "ann"
    password: str = "s3cr3t-pass"
    identity: str = "identity-t0ken"
    token_life: int = 300
    realm: str = ""
    mounts: bool = True
    hides: bool = False
    """Nobody may look into a repository that is not there; who may push there may make it."""
    read_only: frozenset[str] = frozenset()
    """Repositories to which nobody may push."""
    faults: list[Fault] = field(default_factory=list)
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    tokens: dict[str, set[str]] = field(default_factory=dict)
    issued: int = 0
    connections: int = 0

    def reference(self, text: str) -> ImageReference:
        return parse_reference(f"{self.host}/{text}")

    def lines(self) -> list[str]:
        return [one.line for one in self.seen]

    def put_manifest(self, path: str, media_type: str, content: bytes, tag: str = "") -> str:
        digest = sha256(content)
        for name in filter(None, (digest, tag)):
            self.manifests[path, name] = (media_type, content)
        return digest

    def put_image(
        self,
        path: str,
        tag: str = "",
        *,
        architecture: str = "amd64",
        labels: Mapping[str, str] | None = None,
    ) -> str:
        """An image of one layer; the digest of its manifest."""
        config = json.dumps(
            {"os": "linux", "architecture": architecture, "config": {"Labels": labels}}
        ).encode()
        layer = f"layer of {architecture}".encode()
        for blob in (config, layer):
            self.blobs[path, sha256(blob)] = blob
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": sha256(config), "size": len(config)},
            "layers": [{"mediaType": LAYER, "digest": sha256(layer), "size": len(layer)}],
        }
        return self.put_manifest(path, MANIFEST, json.dumps(document).encode(), tag)

    def put_index(
        self, path: str, tag: str, *architectures: str, labels: Mapping[str, str] | None = None
    ) -> str:
        """An index of one image for each architecture, and an attestation first of all."""
        statement = self.put_image(path, architecture="unknown")
        entries: list[dict[str, object]] = [
            {
                "mediaType": MANIFEST,
                "digest": statement,
                "size": 1,
                "platform": {"os": "unknown", "architecture": "unknown"},
                "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
            }
        ]
        for one in architectures:
            digest = self.put_image(path, architecture=one, labels=labels)
            platform = {"os": "linux", "architecture": one}
            entries.append(
                {"mediaType": MANIFEST, "digest": digest, "size": 1, "platform": platform}
            )
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        return self.put_manifest(path, INDEX, json.dumps(document).encode(), tag)

    def answer(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        for fault in list(self.faults):
            if (reply := fault(seen)) is not None:
                return reply
        if seen.path == "/token":
            return self._token(seen)
        if not self._authorized(seen):
            errors = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
            challenge = {"WWW-Authenticate": self._challenge(seen)}
            return Reply(401, json.dumps(errors).encode(), challenge)
        return self._api(seen)

    def _api(self, seen: Seen) -> Reply:
        if match := _UPLOAD_PATH.fullmatch(seen.path):
            return self._upload(seen, *match.groups())
        if match := _MANIFEST_PATH.fullmatch(seen.path):
            return self._manifest(seen, *match.groups())
        if match := _BLOB_PATH.fullmatch(seen.path):
            blob = self.blobs.get((match[1], match[2]))
            return not_found("BLOB_UNKNOWN") if blob is None else Reply(200, blob)
        if seen.path.endswith("/tags/list"):
            path = seen.path.removeprefix("/v2/").removesuffix("/tags/list")
            return self._tags(path, parse_qs(seen.query))
        return Reply(200)

    def _manifest(self, seen: Seen, path: str, name: str) -> Reply:
        if seen.method == "PUT":
            media_type = seen.headers["content-type"]
            digest = self.put_manifest(path, media_type, seen.body, name)
            return Reply(201, b"", {"Docker-Content-Digest": digest})
        held = self.manifests.get((path, name))
        if held is None:
            return not_found("MANIFEST_UNKNOWN")
        media_type, content = held
        headers = {"Content-Type": media_type, "Docker-Content-Digest": sha256(content)}
        return Reply(200, content, headers)

    def _upload(self, seen: Seen, path: str, session: str) -> Reply:
        query = parse_qs(seen.query)
        if path in self.read_only:
            return Reply(403, b'{"errors":[{"code":"DENIED","message":"read only"}]}')
        if seen.method == "DELETE":
            return Reply(204)
        if seen.method == "PUT":
            digest = query["digest"][0]
            if sha256(seen.body) != digest:
                return Reply(400, b'{"errors":[{"code":"DIGEST_INVALID"}]}')
            self.blobs[path, digest] = seen.body
            return Reply(201, b"", {"Docker-Content-Digest": digest})
        source = (query.get("from", [""])[0], query.get("mount", [""])[0])
        if self.mounts and source in self.blobs:
            self.blobs[path, source[1]] = self.blobs[source]
            return Reply(201)
        return Reply(202, b"", {"Location": f"/v2/{path}/blobs/uploads/1?state=x"})

    def _tags(self, path: str, query: Mapping[str, list[str]]) -> Reply:
        tags = sorted(name for at, name in self.manifests if at == path and ":" not in name)
        last = query.get("last", [""])[0]
        page = [one for one in tags if one > last][:2]
        more = page and page[-1] != tags[-1]
        link = {"Link": f'</v2/{path}/tags/list?n=2&last={page[-1]}>; rel="next"'} if more else {}
        return Reply(200, json.dumps({"name": path, "tags": page}).encode(), link)

    def _authorized(self, seen: Seen) -> bool:
        given = seen.headers.get("authorization", "")
        match self.auth:
            case "basic":
                return given == self.basic
            case "bearer":
                needed = _scope(seen)
                return needed <= self.tokens.get(given.removeprefix("Bearer "), set())
            case _:
                return True

    @property
    def basic(self) -> str:
        return "Basic " + b64encode(f"{self.username}:{self.password}".encode()).decode()

    def _challenge(self, seen: Seen) -> str:
        if self.auth == "basic":
            return 'Basic realm="test"'
        realm = self.realm or f"http://{self.host}/token"
        scope = " ".join(sorted(_scope(seen)))
        return f'Bearer realm="{realm}",service="test-service",scope="{scope}"'

    def _token(self, seen: Seen) -> Reply:
        """Anonymous users may pull from `public/`; others get what they ask for."""
        if seen.method == "POST":
            form = {key: value[0] for key, value in parse_qs(seen.body.decode()).items()}
            known = form.get("refresh_token") == self.identity
            scopes = set(form.get("scope", "").split())
        else:
            given = seen.headers.get("authorization")
            if given not in {None, self.basic}:
                return Reply(401, b"{}")
            known = given is not None
            scopes = {s for text in parse_qs(seen.query).get("scope", []) for s in text.split()}
        if not known:
            scopes = {one for one in scopes if one.startswith("repository:public/")}
        scopes = {one for one in scopes if not self._is_hidden(one)}
        self.issued += 1
        token = f"token-{self.issued}"
        self.tokens[token] = _actions(scopes)
        return Reply(200, json.dumps({"token": token, "expires_in": self.token_life}).encode())

    def _is_hidden(self, scope: str) -> bool:
        _, path, actions = scope.split(":")
        exists = any(at == path for at, _ in self.manifests)
        return self.hides and not exists and "push" not in actions


def not_found(code: str) -> Reply:
    body = json.dumps({"errors": [{"code": code, "message": "not here"}]}).encode()
    return Reply(404, body, {"Content-Type": "application/json"})


def _scope(seen: Seen) -> set[str]:
    """The rights that a request needs, one for each action."""
    path = re.fullmatch(r"/v2/(.+)/(?:manifests|blobs|tags)/.*", seen.path)
    if path is None:
        return set()
    actions = "pull" if seen.method in {"GET", "HEAD"} else "pull,push"
    return _actions({f"repository:{path[1]}:{actions}"})


def _actions(scopes: set[str]) -> set[str]:
    return {
        f"{scope.rpartition(':')[0]}:{action}"
        for scope in scopes
        for action in scope.rpartition(":")[2].split(",")
    }


def once(reply: Reply, *, times: int = 1) -> Fault:
    """The reply to the next requests, and then nothing any more."""
    left = [reply] * times
    return lambda _: left.pop() if left else None


def always(reply: Reply) -> Fault:
    return lambda _: reply


def slow(seconds: float) -> Fault:
    def fault(_: Seen) -> None:
        time.sleep(seconds)

    return fault


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *args: object) -> None:
        """Say nothing: tests see what the client sees."""


@contextmanager
def serving(registry: FakeRegistry, tls: SSLContext | None = None) -> Iterator[FakeRegistry]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            registry.connections += 1
            super().setup()

        def handle(self) -> None:
            with suppress(OSError):  # clients may leave in the middle of TLS
                super().handle()

        def handle_any(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            reply = registry.answer(Seen(self.command, url.path, url.query, headers, body))
            if reply.status == 0:  # break the connection
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Say nothing, not even about the TLS that clients try first."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    registry.host = f"127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def client(
    registry: FakeRegistry,
    credentials: Credentials | None = None,
    *,
    limits: Limits | None = None,
    pauses: list[float] | None = None,
) -> RegistryWriter:
    """A client that never sleeps (the pauses go into the list) and sees no environment."""
    noted = pauses if pauses is not None else []
    transport = Transport(
        {registry.host: HostSettings(http=True)},
        {},
        certificates=Path("/nonexistent"),
        limits=limits or Limits(connect=2, read=2),
        pause=noted.append,
    )
    return RegistryWriter(transport, credentials or FixedCredentials())
