"""How a registry host is reached: its API's name, plain http or TLS, certificates."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from envdplan.ground.diagnostics import CorruptFile
from envdplan.ground.imagenames import DOCKER_HUB, canonical_host

if TYPE_CHECKING:
    from ssl import SSLContext

DOCKER_CERTIFICATES: Final = Path("/etc/docker/certs.d")
"""Where Docker keeps a directory of certificates per host (docs.docker.com, "certs.d")."""


@dataclass(frozen=True, slots=True)
class HostSettings:
    """Settings of one registry host; paths are those of PEM files.

    `http`: True is plain http only, False is verified TLS only. None is verified TLS, but for
    hosts of this machine what dockerd does for 127.0.0.0/8: TLS without verification if the
    host speaks it, else plain http.
    """

    http: bool | None = None
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files for one host: more authorities, and a certificate with its key to show."""

    authorities: tuple[Path, ...] = ()
    identities: tuple[tuple[Path, Path], ...] = ()


def api_host(host: str) -> str:
    """The host that serves the API for images named by `host`: Docker Hub has another."""
    canonical = canonical_host(host)
    return "registry-1.docker.io" if canonical == DOCKER_HUB else canonical


def tls_files(host: str, settings: HostSettings, certificates: Path) -> TlsFiles:
    """The files of the settings, and those in Docker's directory for `host`: *.crt are
    authorities, NAME.cert and NAME.key an identity.
    """
    authorities = [Path(settings.ca)] if settings.ca else []
    identities = []
    if settings.certificate:
        certificate = Path(settings.certificate)
        identities.append((certificate, Path(settings.key) if settings.key else certificate))
    folder = certificates / host
    return TlsFiles(
        (*authorities, *_matching(folder, "*.crt")),
        (*identities, *((c, c.with_suffix(".key")) for c in _matching(folder, "*.cert"))),
    )


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    yield from sorted(folder.glob(pattern)) if folder.is_dir() else ()


def tls_context(files: TlsFiles, *, verify: bool) -> "SSLContext":
    """A client's TLS context: the system's authorities and those of `files`.

    Raises CorruptFile for a file that is missing or no PEM.
    """
    import ssl

    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    path: Path | None = None
    try:
        for path in files.authorities:
            context.load_verify_locations(path)
        for path, key in files.identities:
            context.load_cert_chain(path, key, password=_no_password)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise _bad_certificate(path, why or "it is not a PEM file") from None
    return context


def _no_password() -> str:
    """Asked for an encrypted key: OpenSSL would ask at the terminal otherwise."""
    raise ValueError("an encrypted key")


def _bad_certificate(path: Path | None, why: str) -> CorruptFile:
    return CorruptFile(
        "Registry certificate cannot be read",
        f"The file {path} (or the key beside it), needed to reach a registry over TLS, "
        f"cannot be used: {why}. It must be PEM, readable, and the key without a password.",
    )
