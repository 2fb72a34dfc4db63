"""Modules from archives that a real web server offers, friendly or not."""

import hashlib
import io
import ssl
import tarfile
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from envdplan.ground.diagnostics import EnvdplanError, Refused, Unreachable
from envdplan.modules.download import Waits, download
from envdplan.modules.fetch import fetch
from envdplan.modules.source import Archive, parse
from envdplan.modules.tree import Limits

QUICK = Waits(connect=5.0, read=5.0, pause=0.0)
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Web:
    """A web server: what it answers by path, and what it was asked."""

    server: ThreadingHTTPServer
    scheme: str = "http"
    pages: dict[str, "Answer | list[Answer]"] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.server.server_port}"

    def offer(self, path: str, content: bytes) -> str:
        self.pages[path] = (200, {"content-length": str(len(content))}, content)
        return self.url + path


def serving(tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            answer = state.pages.get(self.path.partition("?")[0], (404, {}, b""))
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            self.send_response(answer[0])
            for name, value in answer[1].items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # who has seen enough goes
                self.wfile.write(answer[2])

        def do_CONNECT(self) -> None:
            state.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            self.send_error(403)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    state = Web(server, "https" if tls else "http")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def web() -> Iterator[Web]:
    yield from serving()


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A server with TLS, whose authority this process trusts."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    yield from serving(context)


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as made:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{name}.envdplan.hcl")
            entry.size = len(text)
            made.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def get(tmp_path: Path) -> Callable[..., bytes]:
    def run(url: str, limits: Limits | None = None, **environment: str) -> bytes:
        to = tmp_path / "download"
        to.unlink(missing_ok=True)
        found = download(url, to, environment, limits=limits or Limits(), waits=QUICK)
        data = to.read_bytes()
        assert found == f"sha256:{hashlib.sha256(data).hexdigest()}"
        return data

    return run


def test_an_archive_is_fetched_and_taken_apart(web: Web, tmp_path: Path) -> None:
    content = archive(a="1")
    digest = hashlib.sha256(content).hexdigest()
    url = web.offer("/m.tar.gz", content)
    for number, text in enumerate((url, f"{url}?checksum=sha256:{digest}", f"{url}?x=1")):
        room, into = tmp_path / f"room{number}", tmp_path / f"into{number}"
        room.mkdir()
        into.mkdir()
        source = parse(text)
        assert isinstance(source, Archive)
        assert fetch(source, None, room, into, {}) is None
        assert (into / "a.envdplan.hcl").read_text() == "1"
    assert [path for path, _ in web.asked] == ["/m.tar.gz", "/m.tar.gz", "/m.tar.gz?x=1"]


def test_another_checksum_is_refused(web: Web, tmp_path: Path) -> None:
    source = Archive(web.offer("/m.tar.gz", archive(a="1")), checksum="sha256:" + "0" * 64)
    with pytest.raises(Refused, match="checksum does not match"):
        fetch(source, None, tmp_path, tmp_path / "into", {})
    assert not (tmp_path / "into").exists()


def test_bytes_come_as_they_are_stored(web: Web, get: Callable[..., bytes]) -> None:
    content = archive(a="1")
    web.pages["/m.tgz"] = (200, {"content-encoding": "gzip"}, content)
    assert get(f"{web.url}/m.tgz") == content
    assert web.asked[0][1]["accept-encoding"] == "identity"


def test_redirects_are_followed_a_few_times(web: Web, get: Callable[..., bytes]) -> None:
    web.offer("/3", b"x")
    web.pages |= {"/1": (302, {"location": "/2"}, b""), "/2": (307, {"location": "3"}, b"")}
    assert get(f"{web.url}/1") == b"x"
    web.pages["/loop"] = (301, {"location": "/loop"}, b"")
    web.asked.clear()
    with pytest.raises(Refused, match="Too many redirects"):
        get(f"{web.url}/loop")
    assert len(web.asked) == 6


@pytest.mark.parametrize(
    "location",
    [
        "http://h.io/m.zip",
        "file:///etc/passwd",
        "ftp://localhost/m.zip",
        "http://user:hunter2@localhost/m.zip",
        "http://127.0.0.1.h.io/m.zip",
        "",
    ],
)
def test_a_redirect_to_an_unsafe_place_is_refused(
    web: Web, get: Callable[..., bytes], location: str
) -> None:
    web.pages["/m.zip"] = (302, {"location": location} if location else {}, b"")
    with pytest.raises(Refused) as caught:
        get(f"{web.url}/m.zip")
    assert "hunter2" not in str(caught.value)


def test_tls_is_verified_and_never_left(
    secure: Web, web: Web, get: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert get(secure.offer("/m.zip", b"x")) == b"x"
    secure.pages["/down"] = (302, {"location": web.offer("/m.zip", b"y")}, b"")
    with pytest.raises(Refused, match="unsafe address"):
        get(f"{secure.url}/down")
    assert web.asked == []
    web.pages["/up"] = (302, {"location": f"{secure.url}/m.zip"}, b"")
    assert get(f"{web.url}/up") == b"x"
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Unreachable, match="certificate"):
        get(f"{secure.url}/m.zip")


def test_what_is_too_large_is_not_read_to_its_end(web: Web, get: Callable[..., bytes]) -> None:
    url = web.offer("/m.zip", b"x" * 5_000_000)
    with pytest.raises(Refused, match="more than 1000 bytes"):
        get(url, Limits(download=1000))


@pytest.mark.parametrize(
    ("status", "words"), [(404, "Check the address"), (401, "wants a login"), (418, "status 418")]
)
def test_a_refusal_says_why_and_hides_the_query(
    web: Web, get: Callable[..., bytes], status: int, words: str
) -> None:
    web.pages["/m.zip"] = (status, {}, b"")
    with pytest.raises(Refused) as caught:
        get(f"{web.url}/m.zip?x=hunter2")
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert len(web.asked) == 1


def test_what_may_pass_is_tried_again(web: Web, get: Callable[..., bytes]) -> None:
    web.pages["/m.zip"] = [(503, {"retry-after": "3600"}, b""), (502, {}, b""), (200, {}, b"x")]
    assert get(f"{web.url}/m.zip") == b"x"
    web.pages["/n.zip"] = (500, {}, b"")
    with pytest.raises(Refused, match="status 500"):
        get(f"{web.url}/n.zip")


def test_an_answer_that_breaks_off_is_an_error(web: Web, get: Callable[..., bytes]) -> None:
    web.pages["/m.zip"] = (200, {"content-length": "100"}, b"x")
    with pytest.raises(Unreachable, match="cannot be fetched"):
        get(f"{web.url}/m.zip")


def test_a_host_that_is_not_there_is_told(get: Callable[..., bytes]) -> None:
    with pytest.raises(Unreachable, match=r"refused.*Check the address"):
        get("http://localhost:1/m.zip")
    with pytest.raises(EnvdplanError, match="No such file"):
        get("file:///no/such/m.zip")


def test_a_proxy_is_asked_for_other_hosts(web: Web, get: Callable[..., bytes]) -> None:
    url = web.offer("/m.zip", b"x")
    assert get(url, http_proxy="http://localhost:1") == b"x"  # never for this machine
    web.asked.clear()
    proxy = web.url.replace("://", "://me:hunter%32@")
    with pytest.raises(Unreachable) as caught:
        get("https://h.invalid/m.zip", https_proxy=proxy)
    assert "hunter" not in str(caught.value)
    asked, headers = web.asked[0]
    assert asked == "h.invalid:443"
    assert b64decode(headers["proxy-authorization"].removeprefix("Basic ")) == b"me:hunter2"
