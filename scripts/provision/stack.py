"""Everything that the tests need, in one state folder, described by its services.json."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from scripts.provision import apt, buildkitd, engine, images, processes, registry
from scripts.provision.binaries import (
    ENVD_VERSION,
    engine_binaries,
    envd_files,
    small_binaries,
)
from scripts.provision.buildkit_source import VERSION, buildkit_binaries
from scripts.provision.cache import locked
from scripts.provision.report import ServiceError, say, step
from scripts.provision.teardown import state_lock, tear_down

FORMAT = 1
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Services:
    """What runs; `services.json` is this, with the names of images and the paths of programs."""

    engines: dict[str, engine.Engine]
    registries: dict[str, registry.Registry]
    buildkitds: dict[str, buildkitd.Buildkitd]


def up(state: Path) -> Path:
    """Start everything that does not run yet and return the path of services.json.

    Nothing is done where all answer; where one does not, all are started anew. Raises
    ServiceError on a machine that is not fit for it.
    """
    apt.require_apt()
    engine.require_root(state)
    with locked(state_lock(state)):
        if _all_answer(state):
            say(f"everything answers already ({state})")
            return description(state)
        tear_down(state)
        state.mkdir(parents=True, exist_ok=True)
        try:
            with step("Starting the services"):
                _describe(state, _start_all(state))
        except BaseException:
            tear_down(state)
            raise
    return description(state)


def down(state: Path) -> None:
    """Stop what runs, unmount what is left and remove the state folder."""
    with locked(state_lock(state)):
        tear_down(state)


def run(state: Path, command: Sequence[str]) -> int:
    """Run a command between `up` and `down` and return its exit code (128 + signal if killed).

    The command finds the description by ENVDPLAN_TEST_SERVICES. A signal to us goes to it.
    """
    try:
        env = {**os.environ, "ENVDPLAN_TEST_SERVICES": str(up(state))}
        return _run_forwarding_signals(command, env)
    finally:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # nothing may cut the cleaning short
        down(state)


def description(state: Path) -> Path:
    """The path of services.json."""
    return state / "services.json"


def _run_forwarding_signals(command: Sequence[str], env: dict[str, str]) -> int:
    try:
        child = subprocess.Popen(command, env=env)
    except OSError as error:
        raise ServiceError(f"{command[0]} cannot be run.", str(error)) from error

    def forward(caught: int, _frame: FrameType | None) -> None:
        if caught != signal.SIGINT or not sys.stdin.isatty():  # a terminal tells the child itself
            child.send_signal(caught)

    before = {number: signal.signal(number, forward) for number in _SIGNALS}
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code


def _start_all(state: Path) -> Services:
    """Engines and registries start while buildkitd is still being compiled."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        compiled = pool.submit(buildkit_binaries)
        installed = pool.submit(apt.ensure_commands, {"podman": "podman"})
        small_binaries()
        envd = pool.submit(envd_files)
        registries = {
            "plain": registry.start_plain(state),
            "tls": registry.start_tls(state),
        }
        engines = _start_engines(state, pool)
        compiled.result()
        filled = [
            *(pool.submit(_fill_engine, one) for one in engines.values()),
            *(pool.submit(_fill_registry, one) for one in registries.values()),
        ]
        daemons = _start_buildkitds(state, pool, list(registries.values()))
        for task in filled:
            task.result()
        envd.result()
        installed.result()
    return Services(engines, registries, daemons)


def _start_engines(state: Path, pool: ThreadPoolExecutor) -> dict[str, engine.Engine]:
    engine_binaries()
    stores: tuple[engine.Store, ...] = ("containerd", "graphdriver")
    tasks = {store: pool.submit(engine.start_engine, state, store) for store in stores}
    return {store: task.result() for store, task in tasks.items()}


def _start_buildkitds(
    state: Path, pool: ThreadPoolExecutor, registries: list[registry.Registry]
) -> dict[str, buildkitd.Buildkitd]:
    starts: dict[str, Callable[..., buildkitd.Buildkitd]] = {
        "unix": buildkitd.start_unix,
        "tcp": buildkitd.start_tcp,
        "mtls": buildkitd.start_mtls,
    }
    tasks: dict[str, Future[buildkitd.Buildkitd]] = {
        name: pool.submit(start, state, registries) for name, start in starts.items()
    }
    return {name: task.result() for name, task in tasks.items()}


def _fill_engine(one: engine.Engine) -> None:
    image = images.buildkit_image()
    images.load(one.host, image, images.BUILDKIT, images.BUILDKIT_OF_ENVD)
    images.load(one.host, images.base_image(), "busybox:1")


def _fill_registry(one: registry.Registry) -> None:
    images.push(one, images.base_image(), images.BASE)
    images.push(one, images.buildkit_image(), images.BUILDKIT)


def _describe(state: Path, services: Services) -> None:
    text = json.dumps({"version": FORMAT, **asdict(services), **_names(services)}, indent=2)
    partial = description(state).with_suffix(".partial")
    partial.write_text(text + "\n")
    partial.rename(description(state))


def _names(services: Services) -> dict[str, object]:
    small, docker, buildkit, envd = (
        small_binaries(),
        engine_binaries(),
        buildkit_binaries(),
        envd_files(),
    )
    return {
        "images": {
            "buildkit": images.BUILDKIT,
            "buildkit_of_envd": f"docker.io/{images.BUILDKIT_OF_ENVD}",
            "busybox": "busybox:1",
            "base": images.BASE,
            "pushed": {
                name: f"{one.address}/{images.BASE}" for name, one in services.registries.items()
            },
        },
        "programs": {
            "docker": str(docker / "docker"),
            "runc": str(small / "runc"),
            "busybox": str(small / "busybox"),
            "registry": str(small / "docker-registry"),
            "buildkitd": str(buildkit / "buildkitd"),
            "buildctl": str(buildkit / "buildctl"),
            "dockerfile_frontend": str(buildkit / "dockerfile-frontend"),
            "envd": str(envd / "envd"),
        },
        "envd_keys": str(envd / "keys"),
        "versions": {"docker": "26.1.5", "buildkit": VERSION, "envd": ENVD_VERSION},
    }


def _read(state: Path) -> Services | None:
    try:
        fields = json.loads(description(state).read_text())
        return Services(
            {name: engine.Engine(**one) for name, one in fields["engines"].items()},
            {name: registry.Registry(**one) for name, one in fields["registries"].items()},
            {name: buildkitd.Buildkitd(**one) for name, one in fields["buildkitds"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _all_answer(state: Path) -> bool:
    services = _read(state)
    if services is None or not all(map(processes.alive, processes.recorded(state))):
        return False
    return (
        all(engine.ping(one.socket) for one in services.engines.values())
        and all(map(registry.answers, services.registries.values()))
        and all(map(buildkitd.answers, services.buildkitds.values()))
    )
