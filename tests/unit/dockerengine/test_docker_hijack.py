import select
import socket
import ssl
import threading
from pathlib import Path

import pytest

from envdplan.clients.docker.endpoint import TLS, Endpoint
from envdplan.clients.docker.hijack import hijack
from envdplan.ground.diagnostics import Refused, Unreachable
from tests.unit.dockerengine.fake_engine import Listen, read_request, reply

KEYS = Path(__file__).parent / "keys"
SWITCH = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


def endpoint(url: str, tls: TLS | None = None) -> Endpoint:
    return Endpoint(url, tls, "the test")


def echo(connection: socket.socket) -> None:
    while data := connection.recv(65536):
        connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def test_the_request_asks_for_the_protocol_and_carries_the_headers(listen: Listen) -> None:
    requests: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        requests.append(read_request(connection))
        connection.sendall(SWITCH)

    methods = [("X-Docker-Expose-Session-Grpc-Method", name) for name in ("/a.B/C", "/a.B/D")]
    hijack(endpoint(listen(serve)), "/session", methods).close()
    head = requests[0].decode()
    assert head.startswith("POST /session HTTP/1.1\r\n")
    assert "Connection: Upgrade\r\nUpgrade: h2c\r\n" in head
    assert "Grpc-Method: /a.B/C\r\nX-Docker-Expose-Session-Grpc-Method: /a.B/D\r\n" in head


def test_bytes_right_behind_the_reply_are_not_lost(listen: Listen) -> None:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(SWITCH + b"settings")
        echo(connection)

    with hijack(endpoint(listen(serve)), "/grpc") as sock:
        assert sock.recv(8, socket.MSG_WAITALL) == b"settings"
        sock.sendall(b"hello")
        assert sock.recv(5, socket.MSG_WAITALL) == b"hello"
        assert sock.gettimeout() is None


def test_nothing_is_sent_before_the_reply(listen: Listen) -> None:
    early: list[bool] = []

    def serve(connection: socket.socket) -> None:
        read_request(connection)
        early.append(bool(select.select([connection], [], [], 0.05)[0]))
        connection.sendall(SWITCH)

    hijack(endpoint(listen(serve)), "/grpc").close()
    assert early == [False]


def test_a_refusal_shows_the_engine_s_message(listen: Listen) -> None:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(reply("404 Not Found", b'{"message":"page not found"}'))

    with pytest.raises(Refused) as caught:
        hijack(endpoint(listen(serve)), "/grpc")
    assert "answered /grpc with HTTP status 404: page not found" in caught.value.detail


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "closed before a reply"),
        (b"SSH-2.0-x\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 2\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 101 x\r\na: " + b"b" * 70_000, "too long"),
    ],
)
def test_an_answer_that_is_no_reply_is_unreachable(listen: Listen, answer: bytes, why: str) -> None:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)

    with pytest.raises(Unreachable, match=why):
        hijack(endpoint(listen(serve)), "/grpc")


def test_no_socket_names_the_endpoint_its_source_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as caught:
        hijack(endpoint(f"unix://{tmp_path}/none"), "/grpc")
    assert f"unix://{tmp_path}/none (the test): there is no such socket" in caught.value.detail
    assert "Start Docker." in caught.value.detail


def test_a_stale_socket_is_unreachable(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "s"))
    with pytest.raises(Unreachable, match="nothing listens there"):
        hijack(endpoint(f"unix://{tmp_path}/s"), "/grpc")


def test_a_header_with_a_line_break_is_refused(listen: Listen) -> None:
    with pytest.raises(ValueError, match="line break"):
        hijack(endpoint("unix:///none"), "/grpc", [("X", "a\r\nHost: b")])


def serve_tls(received: list[bytes]) -> tuple[str, threading.Thread]:
    """One TLS connection: upgrades, takes all until the client's end, then answers `done`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(KEYS / "cert.pem", KEYS / "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with listener, listener.accept()[0] as raw:
            try:
                secured = context.wrap_socket(raw, server_side=True)
            except ssl.SSLError:
                return
            read_request(secured)
            secured.sendall(SWITCH)
            while data := secured.recv(65536):
                received.append(data)
            secured.sendall(b"done")
            secured.close()

    thread = threading.Thread(target=run)
    thread.start()
    return f"tcp://127.0.0.1:{listener.getsockname()[1]}", thread


def test_over_tls_the_socket_is_plain_and_half_closes() -> None:
    received: list[bytes] = []
    url, server = serve_tls(received)
    with hijack(endpoint(url, TLS(ca=KEYS / "cert.pem")), "/grpc") as sock:
        assert type(sock) is socket.socket
        sock.sendall(b"x" * 1_000_000)
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(10) == b"done"
        assert sock.recv(10) == b""
    server.join()
    assert sum(map(len, received)) == 1_000_000


def test_an_untrusted_certificate_is_said_to_be_untrusted() -> None:
    url, server = serve_tls([])
    with pytest.raises(Unreachable) as caught:
        hijack(endpoint(url, TLS()), "/grpc")
    server.join()
    assert "its certificate is not trusted" in caught.value.detail
    assert "ca.pem" in caught.value.detail


def test_verification_can_be_skipped() -> None:
    url, server = serve_tls([])
    hijack(endpoint(url, TLS(verify=False)), "/grpc").close()
    server.join()


def test_a_missing_key_file_is_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(Unreachable, match="no such socket or file"):
            hijack(endpoint(url, TLS(ca=tmp_path / "ca.pem")), "/grpc")
