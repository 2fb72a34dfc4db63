"""The SSH service: lists keys and signs, for declared agents, and nothing else."""

import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from envdplan.clients.buildkit.proto import sshforward_pb2 as pb
from envdplan.clients.buildkit.request import SshAgent
from envdplan.clients.buildkit.session.services import Abort, Services
from envdplan.clients.buildkit.session.sshagents import LONGEST, framed
from envdplan.clients.buildkit.session.sshforward import ID_HEADER, ssh_forward
from envdplan.ground.diagnostics import EnvdplanError

CHECK, FORWARD = (f"/moby.sshforward.v1.SSH/{name}" for name in ("CheckAgent", "ForwardAgent"))
LIST, SIGN, FAILURE = b"\x0b", b"\x0d", b"\x05"
NOT_FOUND, INVALID_ARGUMENT, UNAVAILABLE = 5, 3, 14


@dataclass
class Call:
    """A call with prepared messages in; what we send is kept."""

    messages: list[bytes]
    metadata: Mapping[str, str] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)

    def values(self, key: str) -> tuple[str, ...]:
        return ()

    def receive(self) -> bytes | None:
        return self.messages.pop(0) if self.messages else None

    def send(self, messages: Iterable[bytes]) -> None:
        self.sent += messages


def forwarded(services: Services, *pieces: bytes, id: str = "") -> bytes:
    packets = [pb.BytesMessage(data=piece).SerializeToString() for piece in pieces]
    call = Call(packets, {ID_HEADER: id} if id else {})
    services[FORWARD](call)
    return b"".join(pb.BytesMessage.FromString(one).data for one in call.sent)


@dataclass
class Echo:
    """An agent that answers every request with itself, reversed."""

    path: str
    asked: list[bytes] = field(default_factory=list)


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Echo]:
    fake = Echo(str(tmp_path / "agent"))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(fake.path)
    listener.listen()

    def run() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with closing(connection), connection.makefile("rb") as requests:
                    while size := int.from_bytes(requests.read(4), "big"):
                        fake.asked.append(requests.read(size))
                        connection.sendall(framed(fake.asked[-1][::-1]))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield fake
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_the_agent_of_the_user_answers_however_the_bytes_come(echo: Echo) -> None:
    services = ssh_forward([SshAgent("default")], {"SSH_AUTH_SOCK": echo.path})
    request = framed(LIST) + framed(SIGN + b"abc")
    expected = framed(LIST) + framed(b"cba" + SIGN)
    assert forwarded(services, request) == expected
    assert forwarded(services, *(bytes([one]) for one in request), id="default") == expected


def test_other_requests_never_reach_the_agent(echo: Echo) -> None:
    told: list[str] = []
    services = ssh_forward([SshAgent("git", (echo.path,))], {}, refused=told.append)
    requests = [bytes([kind]) + b"x" for kind in (17, 18, 19, 22, 25, 27)] + [b""]
    answer = forwarded(services, *map(framed, requests), id="git")
    assert answer == framed(FAILURE) * 7
    assert echo.asked == []
    assert told == [f"request {kind} to the SSH agent" for kind in (17, 18, 19, 22, 25, 0)]


def test_an_undeclared_agent_does_not_exist_and_is_reported(echo: Echo) -> None:
    told: list[str] = []
    services = ssh_forward([SshAgent("git", (echo.path,))], {}, refused=told.append)
    services[CHECK](Call([pb.CheckAgentRequest(ID="git").SerializeToString()]))
    for call in (
        lambda: services[CHECK](Call([pb.CheckAgentRequest().SerializeToString()])),
        lambda: forwarded(services, framed(LIST)),
    ):
        with pytest.raises(Abort, match="'default' is not declared") as caught:
            call()
        assert caught.value.code == NOT_FOUND
    assert told == ["SSH agent default"] * 2


def test_a_message_that_is_too_long_is_refused(echo: Echo) -> None:
    services = ssh_forward([SshAgent("default", (echo.path,))], {})
    with pytest.raises(Abort) as caught:
        forwarded(services, (LONGEST + 1).to_bytes(4, "big"))
    assert caught.value.code == INVALID_ARGUMENT


def test_an_agent_that_hangs_up_ends_the_call(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def hang_up() -> None:
            listener.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        services = ssh_forward([SshAgent("default", (str(tmp_path / "s"),))], {})
        with pytest.raises(Abort, match="does not answer") as caught:
            forwarded(services, framed(LIST))
        assert caught.value.code == UNAVAILABLE
        thread.join()


def test_without_declared_agents_there_is_no_service() -> None:
    assert ssh_forward([], {"SSH_AUTH_SOCK": "/s"}) == {}


def said(*paths: str, environment: Mapping[str, str] | None = None) -> str:
    with pytest.raises(EnvdplanError) as caught:
        ssh_forward([SshAgent("git", paths)], environment or {})
    return caught.value.detail


def test_what_cannot_be_used_is_told_before_the_build(tmp_path: Path, echo: Echo) -> None:
    missing, broken = str(tmp_path / "missing"), tmp_path / "broken"
    broken.write_text("no key")
    assert "SSH_AUTH_SOCK is not set" in said()
    assert missing in said(missing)
    assert missing in said(environment={"SSH_AUTH_SOCK": missing})
    assert "one socket or files of keys" in said(echo.path, str(broken))
    assert "not a private key that can be read" in said(str(broken))
