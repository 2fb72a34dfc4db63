"""The commands of scripts/services.py."""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from scripts.provision import buildkitd, engine, images, quickstart, registry, stack
from scripts.provision.binaries import buildx_plugin, envd_files
from scripts.provision.buildkit_source import buildkit_binaries
from scripts.provision.report import ServiceError

Handler = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 done, 1 a part cannot be provided, or the exit code of `run`'s command."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    parsed = _parser().parse_args(arguments)
    handler: Handler = parsed.handler
    try:
        return handler(parsed)
    except ServiceError as error:
        print(f"services: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _exit(number: int, _frame: FrameType | None) -> None:
    """As an exception, so that what was begun is cleaned up."""
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="services.py", description="Real parts for tests.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, handler: Handler, help: str, *, state: bool = True
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help)
        command.set_defaults(handler=handler)
        if state:
            command.add_argument("--state", type=_folder, required=True, metavar="DIR")
        return command

    add("up", _up, "start all that the tests need; prints the path of services.json")
    add("down", _down, "stop all that was started in a state folder")
    run = add("run", _run, "up, run a command with ENVDPLAN_TEST_SERVICES, down")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    one = add("engine", _engine, "start one Docker Engine")
    one.add_argument("--store", choices=["containerd", "graphdriver"], default="containerd")
    one = add("registry", _registry, "start one registry")
    one.add_argument("--tls", action="store_true", help="https and a password")
    one = add("buildkitd", _buildkitd, "start one buildkitd")
    one.add_argument("--listen", choices=["unix", "tcp", "mtls"], default="unix")
    one = add(
        "buildkit-image", _buildkit_image, "make the buildkit image; prints its layer", state=False
    )
    one.add_argument("--load", metavar="DOCKER_HOST", help="import it into an engine")
    one = add("base-image", _base_image, "push the busybox base to a plain registry", state=False)
    one.add_argument("address", metavar="HOST:PORT")
    add(
        "buildkit",
        _print(buildkit_binaries),
        "compile buildkitd, buildctl and a frontend",
        state=False,
    )
    add("envd", _print(lambda: envd_files() / "envd"), "install envd; prints its path", state=False)
    add("buildx", _print(buildx_plugin), "fetch docker-buildx; prints its path", state=False)
    one = add("quickstart", _quickstart, "an engine and a registry; prints KEY=VALUE lines")
    one.add_argument("--builder", action="store_true", help="and an image for a builder container")
    add("quickstart-down", _quickstart_down, "stop what quickstart started")
    return parser


def _folder(text: str) -> Path:
    return Path(text).resolve()


def _print(get: Callable[[], Path]) -> Handler:
    def handler(_arguments: argparse.Namespace) -> int:
        print(get())
        return 0

    return handler


def _up(arguments: argparse.Namespace) -> int:
    print(stack.up(arguments.state))
    return 0


def _down(arguments: argparse.Namespace) -> int:
    stack.down(arguments.state)
    return 0


def _run(arguments: argparse.Namespace) -> int:
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not command:
        raise ServiceError("run needs a command.", "services.py run --state DIR -- COMMAND")
    return stack.run(arguments.state, command)


def _engine(arguments: argparse.Namespace) -> int:
    arguments.state.mkdir(parents=True, exist_ok=True)
    print(json.dumps(asdict(engine.start_engine(arguments.state, arguments.store)), indent=2))
    return 0


def _registry(arguments: argparse.Namespace) -> int:
    arguments.state.mkdir(parents=True, exist_ok=True)
    start = registry.start_tls if arguments.tls else registry.start_plain
    print(json.dumps(asdict(start(arguments.state)), indent=2))
    return 0


def _buildkitd(arguments: argparse.Namespace) -> int:
    arguments.state.mkdir(parents=True, exist_ok=True)
    starts = {
        "unix": buildkitd.start_unix,
        "tcp": buildkitd.start_tcp,
        "mtls": buildkitd.start_mtls,
    }
    print(json.dumps(asdict(starts[arguments.listen](arguments.state, [])), indent=2))
    return 0


def _buildkit_image(arguments: argparse.Namespace) -> int:
    image = images.buildkit_image()
    if arguments.load:
        images.load(arguments.load, image, images.BUILDKIT, images.BUILDKIT_OF_ENVD)
    print(image.layer)
    return 0


def _base_image(arguments: argparse.Namespace) -> int:
    target = registry.Registry(arguments.address, f"http://{arguments.address}")
    images.push(target, images.base_image(), images.BASE)
    print(f"{arguments.address}/{images.BASE}")
    return 0


def _quickstart(arguments: argparse.Namespace) -> int:
    found = quickstart.start(arguments.state, builder=arguments.builder)
    print("\n".join(quickstart.shell_lines(found)))
    return 0


def _quickstart_down(arguments: argparse.Namespace) -> int:
    quickstart.stop(arguments.state)
    return 0
