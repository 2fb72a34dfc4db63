"""An engine and a registry for one's own first steps: what is there is used, the rest started."""

import contextlib
import hashlib
import http.client
import json
import os
import shlex
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.provision import engine, images, processes, registry
from scripts.provision.cache import locked
from scripts.provision.report import ServiceError, say, step
from scripts.provision.teardown import state_lock, tear_down

_DEFAULT_SOCKET = "unix:///var/run/docker.sock"
_REGISTRY_IMAGE = "registry:2"
_PULL_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Quickstart:
    """What the first steps use. `container` and `loaded` are what was put into a found engine."""

    host: str
    registry: str
    container: str | None = None
    buildkit_image: str | None = None
    loaded: str | None = None


def start(state: Path, *, builder: bool) -> Quickstart:
    """Find or start an engine, start a registry with a base image in it.

    With `builder` also see to an image for a docker-container builder. A second call changes
    nothing while all answer. Raises ServiceError where there is no way.
    """
    with locked(state_lock(state)):
        known = _read(state)
        if known and _answers(known):
            say(f"everything answers already ({state})")
            wanting = builder and not known.buildkit_image
            return _provide_builder_image(state, known) if wanting else known
        _stop(state)
        (state / "daemons").mkdir(parents=True)
        try:
            found = _provide(state, builder=builder)
        except BaseException:
            _stop(state)
            raise
    return found


def stop(state: Path) -> None:
    """Stop what `start` started; an engine that was there before stays."""
    with locked(state_lock(state)):
        _stop(state)


def shell_lines(found: Quickstart) -> list[str]:
    """KEY=VALUE lines for a shell's eval: the engine, and variables of the configuration."""
    values = {
        "DOCKER_HOST": found.host,
        "ENVDPLAN_VAR_registry": found.registry,
        "ENVDPLAN_VAR_buildkit_image": found.buildkit_image,
    }
    return [f"{key}={shlex.quote(value)}" for key, value in values.items() if value]


def find_engine() -> str | None:
    """The Docker Engine that the docker command would use, if it answers.

    DOCKER_HOST, else the current docker context, else the default socket. Engines behind ssh or
    TLS are not asked.
    """
    for host in (os.environ.get("DOCKER_HOST"), _context_host(), _DEFAULT_SOCKET):
        if host and _pings(host):
            return host
    return None


def _provide(state: Path, *, builder: bool) -> Quickstart:
    host = find_engine()
    if host:
        say(f"using the Docker Engine at {host}")
    else:
        with step("No Docker Engine answers: starting a private one"):
            host = engine.start_engine(state, "containerd").host
    found = _provide_registry(state, host)
    _write(state, found)
    return _provide_builder_image(state, found) if builder else found


def _provide_registry(state: Path, host: str) -> Quickstart:
    """A process of ours, with our busybox; where packages cannot be had, a container."""
    try:
        started = registry.start_plain(state)
        images.push(started, images.base_image(), images.BASE)
    except ServiceError as error:
        say(f"no registry from packages ({error.summary}); trying {_REGISTRY_IMAGE}")
        return _registry_container(state, host)
    return Quickstart(host, started.address)


def _registry_container(state: Path, host: str) -> Quickstart:
    port = processes.free_port()
    found = Quickstart(host, f"127.0.0.1:{port}", f"envdplan-quickstart-{port}")
    publish = f"127.0.0.1:{port}:5000"
    with step(f"Starting a container of {_REGISTRY_IMAGE}"):
        _docker(host, "run", "-d", "--name", str(found.container), "-p", publish, _REGISTRY_IMAGE)
        _write(state, found)
        _wait_for(registry.Registry(found.registry, f"http://{found.registry}"))
    name = f"{found.registry}/{images.BASE}"
    with step(f"Copying busybox:1 to {name}"):
        _inspect_or_pull(host, "busybox:1")
        _docker(host, "tag", "busybox:1", name)
        _docker(host, "push", "-q", name)
    return found


def _wait_for(target: registry.Registry) -> None:
    deadline = time.monotonic() + 30
    while not registry.answers(target):
        if time.monotonic() > deadline:
            raise ServiceError("The registry's container does not answer.", target.url)
        time.sleep(0.2)


def _provide_builder_image(state: Path, found: Quickstart) -> Quickstart:
    """The published image where it is here or can be pulled, else one that is compiled."""
    name, loaded = images.BUILDKIT_OF_ENVD, None
    try:
        with step(f"Looking for the image {name}"):
            _inspect_or_pull(found.host, name)
    except ServiceError as error:
        say(f"{name} cannot be pulled; making one. {error.detail.rpartition(': ')[2]}")
        name = loaded = images.BUILDKIT
        images.load(found.host, images.buildkit_image(), name)
    complete = Quickstart(found.host, found.registry, found.container, name, loaded)
    _write(state, complete)
    return complete


def _inspect_or_pull(host: str, name: str) -> None:
    try:
        _docker(host, "image", "inspect", name)
    except ServiceError:
        _docker(host, "pull", "-q", name)


def _docker(host: str, *arguments: str) -> str:
    """The user's own docker command where there is one: it works without Debian's packages."""
    program = shutil.which("docker")
    return engine.docker(host, *arguments, timeout=_PULL_SECONDS, program=program)


def _stop(state: Path) -> None:
    known = _read(state)
    if known:
        for arguments in (["rm", "-f", "-v", known.container], ["rmi", known.loaded]):
            if arguments[-1]:
                with contextlib.suppress(ServiceError):
                    _docker(known.host, *map(str, arguments))
    tear_down(state)


def _read(state: Path) -> Quickstart | None:
    try:
        return Quickstart(**json.loads((state / "quickstart.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _write(state: Path, found: Quickstart) -> None:
    (state / "quickstart.json").write_text(json.dumps(asdict(found), indent=2) + "\n")


def _answers(known: Quickstart) -> bool:
    target = registry.Registry(known.registry, f"http://{known.registry}")
    return _pings(known.host) and registry.answers(target)


def _pings(host: str) -> bool:
    scheme, _, rest = host.partition("://")
    if scheme == "unix":
        return engine.ping(rest)
    if scheme not in ("tcp", "http"):
        return False
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(rest, timeout=5)
        connection.request("GET", "/_ping")
        return connection.getresponse().status == http.client.OK
    return False


def _context_host() -> str | None:
    """The endpoint of the current docker context (docker/cli, cli/context/store/doc.go)."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        name = os.environ.get("DOCKER_CONTEXT")
        name = name or json.loads((folder / "config.json").read_text())["currentContext"]
        digest = hashlib.sha256(name.encode()).hexdigest()
        meta = json.loads((folder / "contexts" / "meta" / digest / "meta.json").read_text())
        return str(meta["Endpoints"]["docker"]["Host"])
    return None
