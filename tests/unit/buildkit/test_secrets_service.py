"""The Secrets service: only what is declared, read when it is asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from envdplan.clients.buildkit.proto import secrets_pb2
from envdplan.clients.buildkit.request import SecretSource
from envdplan.clients.buildkit.session.secrets import LARGEST_SECRET, secrets
from envdplan.clients.buildkit.session.services import Abort, Services

GET = "/moby.buildkit.secrets.v1.Secrets/GetSecret"
NOT_FOUND, FAILED_PRECONDITION, INVALID_ARGUMENT = 5, 9, 3


@dataclass
class OneMessage:
    """A call with one message in; what we send is kept."""

    message: bytes | None
    sent: list[bytes] = field(default_factory=list)
    metadata: Mapping[str, str] = field(default_factory=dict)

    def values(self, key: str) -> tuple[str, ...]:
        return ()

    def receive(self) -> bytes | None:
        return self.message

    def send(self, messages: Iterable[bytes]) -> None:
        self.sent.extend(messages)


def ask(services: Services, id: str) -> bytes:
    stream = OneMessage(secrets_pb2.GetSecretRequest(ID=id).SerializeToString())
    services[GET](stream)
    (reply,) = stream.sent
    return secrets_pb2.GetSecretResponse.FromString(reply).data


def test_a_secret_comes_from_the_environment() -> None:
    assert ask(secrets([SecretSource("a", env="TOKEN")], {"TOKEN": "täst"}), "a") == "täst".encode()


def test_a_secret_comes_from_a_file_at_the_moment_of_asking(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    services = secrets([SecretSource("a", file=str(path))], {})
    path.write_bytes(b"\0one\n")
    assert ask(services, "a") == b"\0one\n"
    path.write_bytes(b"two")
    assert ask(services, "a") == b"two"


def test_a_secret_may_be_given_as_a_value() -> None:
    assert ask(secrets([SecretSource("a", value=b"x")], {}), "a") == b"x"


def test_an_empty_secret_is_a_secret() -> None:
    assert ask(secrets([SecretSource("a", env="TOKEN")], {"TOKEN": ""}), "a") == b""


def test_an_undeclared_secret_does_not_exist_and_is_reported() -> None:
    refused: list[str] = []
    services = secrets([SecretSource("a", value=b"x")], {"HOME": "/root"}, refused=refused.append)
    with pytest.raises(Abort, match="not declared") as caught:
        ask(services, "HOME")
    assert (caught.value.code, refused) == (NOT_FOUND, ["HOME"])


def test_an_id_is_never_a_path(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x")
    with pytest.raises(Abort) as caught:
        ask(secrets([], {}), str(path))
    assert caught.value.code == NOT_FOUND


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (SecretSource("a", env="TOKEN"), "variable TOKEN"),
        (SecretSource("a", file="/nonexistent/secret"), "/nonexistent/secret"),
        (SecretSource("a", file="/"), "not a file"),
        (SecretSource("a", file="/dev/zero"), "not a file"),
        (SecretSource("a"), "no source"),
        (SecretSource("a", value=b"hidden" * LARGEST_SECRET), "larger"),
    ],
)
def test_an_unusable_secret_says_why_and_no_more(source: SecretSource, why: str) -> None:
    with pytest.raises(Abort) as caught:
        ask(secrets([source], {}), "a")
    assert caught.value.code == FAILED_PRECONDITION
    assert why in caught.value.message
    assert "hidden" not in caught.value.message


def test_the_largest_secret_is_that_of_buildkit(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    services = secrets([SecretSource("a", file=str(path))], {})
    path.write_bytes(b"x" * LARGEST_SECRET)
    assert len(ask(services, "a")) == LARGEST_SECRET == 512_000
    path.write_bytes(b"x" * (LARGEST_SECRET + 1))
    with pytest.raises(Abort, match="larger"):
        ask(services, "a")


@pytest.mark.parametrize("message", [b"\xff\xff", b"\x0a\xff"])
def test_a_message_that_cannot_be_read_is_refused(message: bytes) -> None:
    with pytest.raises(Abort) as caught:
        secrets([], {})[GET](OneMessage(message))
    assert caught.value.code == INVALID_ARGUMENT
