"""Files of SSH keys: an agent of our own that lists them and signs."""

import shutil
import socket
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa, utils

from envdplan.clients.buildkit.session.sshagents import framed
from envdplan.clients.buildkit.session.sshkeys import KeyAgent, text
from envdplan.ground.diagnostics import EnvdplanError

LIST, SIGN, FAILURE = b"\x0b", b"\x0d", b"\x05"
PrivateKey = (
    dsa.DSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
)


def saved(folder: Path, key: PrivateKey, *, openssh: bool = False) -> str:
    path = folder / type(key).__name__
    formats = serialization.PrivateFormat
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            formats.OpenSSH if openssh else formats.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(path)


def split(content: bytes) -> tuple[bytes, bytes]:
    end = 4 + int.from_bytes(content[:4], "big")
    return content[4:end], content[end:]


def signed(agent: KeyAgent, data: bytes, flags: int = 0) -> tuple[bytes, bytes]:
    """The name and the bytes of a signature with the agent's only key."""
    keys = agent.ask(LIST)
    assert keys[:5] == b"\x0c\0\0\0\1"
    blob, _ = split(keys[5:])
    answer = agent.ask(SIGN + text(blob) + text(data) + flags.to_bytes(4, "big"))
    assert answer[:1] == b"\x0e"
    signature, rest = split(answer[1:])
    assert rest == b""
    name, rest = split(signature)
    return name, split(rest)[0]


@pytest.mark.parametrize("openssh", [True, False])
def test_ed25519_keys_sign(tmp_path: Path, openssh: bool) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    name, signature = signed(KeyAgent([saved(tmp_path, key, openssh=openssh)]), b"data")
    assert name == b"ssh-ed25519"
    key.public_key().verify(signature, b"data")


@pytest.mark.parametrize(
    ("flags", "wanted", "hash"),
    [(4, b"rsa-sha2-512", hashes.SHA512()), (2, b"rsa-sha2-256", hashes.SHA256())],
)
def test_rsa_keys_sign_as_asked(
    tmp_path: Path, flags: int, wanted: bytes, hash: hashes.HashAlgorithm
) -> None:
    key = rsa.generate_private_key(65537, 2048)
    name, signature = signed(KeyAgent([saved(tmp_path, key)]), b"data", flags)
    assert name == wanted
    key.public_key().verify(signature, b"data", padding.PKCS1v15(), hash)


@pytest.mark.parametrize(
    ("curve", "hash"),
    [
        (ec.SECP256R1(), hashes.SHA256()),
        (ec.SECP384R1(), hashes.SHA384()),
        (ec.SECP521R1(), hashes.SHA512()),
    ],
)
def test_ecdsa_keys_sign(
    tmp_path: Path, curve: ec.EllipticCurve, hash: hashes.HashAlgorithm
) -> None:
    key = ec.generate_private_key(curve)
    name, signature = signed(KeyAgent([saved(tmp_path, key)]), b"data")
    assert name == f"ecdsa-sha2-nistp{curve.key_size}".encode()
    r, rest = split(signature)
    s, _ = split(rest)
    numbers = (int.from_bytes(one, "big", signed=True) for one in (r, s))
    key.public_key().verify(utils.encode_dss_signature(*numbers), b"data", ec.ECDSA(hash))


def test_an_unknown_key_or_a_broken_request_fails_and_nothing_else(tmp_path: Path) -> None:
    agent = KeyAgent([saved(tmp_path, ed25519.Ed25519PrivateKey.generate())])
    requests = [text(b"other") + text(b"data") + bytes(4), b"\xff\xff\xff\xff", text(b"a"), b""]
    assert [agent.ask(SIGN + one) for one in requests] == [FAILURE] * 4


def test_the_real_client_sees_the_keys_of_files(tmp_path: Path) -> None:
    """ssh-add speaks to a socket behind which the service is."""
    paths = [
        saved(tmp_path, ed25519.Ed25519PrivateKey.generate()),
        saved(tmp_path, rsa.generate_private_key(65537, 2048)),
    ]
    agent = KeyAgent(paths)
    program = shutil.which("ssh-add")
    assert program, "install openssh-client"
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with closing(connection), connection.makefile("rb") as requests:
                while size := int.from_bytes(requests.read(4), "big"):
                    connection.sendall(framed(agent.ask(requests.read(size))))

        thread = threading.Thread(target=serve)
        thread.start()
        environment = {"SSH_AUTH_SOCK": str(tmp_path / "s")}
        listed = subprocess.run(
            [program, "-l"], env=environment, capture_output=True, text=True, check=True
        ).stdout
        thread.join()
    assert [line.split()[2:] for line in listed.splitlines()] == [
        [paths[0], "(ED25519)"],
        [paths[1], "(RSA)"],
    ]


def test_what_cannot_be_read_is_for_an_agent(tmp_path: Path) -> None:
    path, program = tmp_path / "key", shutil.which("ssh-keygen")
    assert program, "install openssh-client"
    subprocess.run([program, "-q", "-t", "ed25519", "-N", "secret", "-f", str(path)], check=True)
    with pytest.raises(EnvdplanError, match=r"it has a passphrase. Let an agent hold it \(ssh-add"):
        KeyAgent([str(path)])
    with pytest.raises(EnvdplanError, match="a kind that is not supported"):
        KeyAgent([saved(tmp_path, dsa.generate_private_key(1024))])
