"""Docker's own contexts: the store of endpoints that `docker context` keeps in its directory."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from envdplan.ground import jsontext
from envdplan.ground.diagnostics import CorruptFile, EnvdplanError
from envdplan.ground.reading import exists, read_regular


class UnknownContext(EnvdplanError):
    """A Docker context that is not in the store."""


@dataclass(frozen=True, slots=True)
class DockerContext:
    """One context: where its engine listens and the TLS files kept for it."""

    name: str
    host: str
    skip_tls_verify: bool
    tls_directory: Path
    """May hold ca.pem, cert.pem and key.pem; need not exist."""


def read_context(directory: Path, name: str) -> DockerContext:
    """The context `name` of Docker's configuration `directory`.

    The layout is Docker's: contexts/meta/<sha256 of the name>/meta.json and
    contexts/tls/<the same>/docker/. Raises UnknownContext, and CorruptFile.
    """
    digest = sha256(name.encode()).hexdigest()
    meta = directory / "contexts" / "meta" / digest / "meta.json"
    endpoint = _endpoint(_read(meta)) if exists(meta) else None
    if endpoint is None:
        raise _unknown(directory, name)
    return DockerContext(
        name=name,
        host=str(endpoint.get("Host") or ""),
        skip_tls_verify=endpoint.get("SkipTLSVerify") is True,
        tls_directory=directory / "contexts" / "tls" / digest / "docker",
    )


def context_names(directory: Path) -> list[str]:
    """Names of all readable contexts with a Docker endpoint, sorted."""
    names = []
    for meta in (directory / "contexts" / "meta").glob("*/meta.json"):
        try:
            document = _read(meta)
        except CorruptFile:
            continue
        if _endpoint(document) is not None and isinstance(document.get("Name"), str):
            names.append(str(document["Name"]))
    return sorted(names)


def current_context(directory: Path) -> str | None:
    """The `currentContext` of Docker's config.json, or None. Raises CorruptFile."""
    path = directory / "config.json"
    name = _read(path).get("currentContext") if exists(path) else None
    return name if isinstance(name, str) and name else None


def _endpoint(document: dict[str, object]) -> dict[str, object] | None:
    endpoints = document.get("Endpoints")
    found = endpoints.get("docker") if isinstance(endpoints, dict) else None
    return found if isinstance(found, dict) else None


def _read(path: Path) -> dict[str, object]:
    try:
        document = jsontext.loads(read_regular(path))
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from None
    except ValueError:
        raise _unreadable(path, "it is not JSON") from None
    if not isinstance(document, dict):
        raise _unreadable(path, "it is not a JSON object")
    return document


def _unreadable(path: Path, why: str) -> CorruptFile:
    return CorruptFile(
        "Docker configuration cannot be read",
        f"The file {path} says which Docker Engine to use: {why}. Fix it, or name an engine by "
        "`host` or by DOCKER_HOST.",
    )


def _unknown(directory: Path, name: str) -> UnknownContext:
    names = ["default", *context_names(directory)]
    return UnknownContext(
        "Docker context not found",
        f'There is no Docker context "{name}" in {directory}. There are: {", ".join(names)}. '
        "Use one of these, make it with `docker context create`, or give an address such as "
        "unix:///var/run/docker.sock.",
    )
