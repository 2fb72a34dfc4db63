"""Throw-away keys: a CA, and server and client certificates signed by it (openssl command)."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.provision import apt
from scripts.provision.report import ServiceError

_DAYS = "3650"
_CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority of our own in a folder."""

    folder: Path
    ca: KeyPair


def make_authority(folder: Path, name: str) -> Authority:
    """Make a CA in a folder (created if need be)."""
    apt.ensure_commands({"openssl": "openssl"})
    folder.mkdir(parents=True, exist_ok=True)
    pair = KeyPair(folder / "ca.pem", folder / "ca.key")
    _openssl(
        "req",
        "-x509",
        *_CURVE,
        "-days",
        _DAYS,
        "-subj",
        f"/CN={name}",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
        "-keyout",
        str(pair.key),
        "-out",
        str(pair.certificate),
    )
    return Authority(folder, pair)


def issue(authority: Authority, name: str, usage: str) -> KeyPair:
    """Sign a certificate for 127.0.0.1 and localhost; `usage` is serverAuth or clientAuth."""
    folder = authority.folder
    pair = KeyPair(folder / f"{name}.pem", folder / f"{name}.key")
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    _openssl(
        "req",
        "-new",
        *_CURVE,
        "-subj",
        f"/CN={name}",
        "-keyout",
        str(pair.key),
        "-out",
        str(request),
    )
    extensions.write_text(
        f"subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage={usage}\n"
        "basicConstraints=CA:FALSE\n"
    )
    _openssl(
        "x509",
        "-req",
        "-in",
        str(request),
        "-days",
        _DAYS,
        "-extfile",
        str(extensions),
        "-CA",
        str(authority.ca.certificate),
        "-CAkey",
        str(authority.ca.key),
        "-CAcreateserial",
        "-out",
        str(pair.certificate),
    )
    return pair


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServiceError("openssl failed.", done.stderr.strip())
