"""envdplan builder and forward: builders as they are now, and what people do to them by hand."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from envdplan.app import exit_codes
from envdplan.app.interrupts import graceful
from envdplan.app.wiring import Session
from envdplan.cli.options import VarFiles, Vars
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.together import together

if TYPE_CHECKING:
    from envdplan.resources.builds.reach import Reach, Reached, Unusable
    from envdplan.views.builders import Line

builder_app = typer.Typer(no_args_is_help=True, help="Show and manage builders.")

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="builder.NAME, or the name of a context.")
]
Format = Annotated[str, typer.Option("--format", "-f", metavar="table|json", help="Output format.")]
_EVERY = 2.0
"""Seconds between two looks of a live table."""


@contextmanager
def reaching(
    ctx: typer.Context, files: list[Path] | None, values: list[str] | None
) -> "Iterator[tuple[Session, Reach]]":
    """The builders of the project (a folder without one has none) and of envd's store."""
    from envdplan.app.flow import opened

    session: Session = ctx.obj
    with opened(
        session, session.load(session.project(files, values, may_be_empty=True))
    ) as project:
        yield session, project.edge.reach(project.loaded.desired, project.state)


def line(one: "Reached") -> "Line":
    """Look at a builder."""
    from envdplan.core.state.observed import Present, Unreachable
    from envdplan.views.builders import Line

    address = str(one.attributes.get("address") or one.attributes.get("name") or "")
    observed = one.look()
    if isinstance(observed, Unreachable):
        return Line(one.title, one.type, address, "unreachable", problem=observed.reason)
    if not isinstance(observed, Present):
        return Line(one.title, one.type, address, "absent")
    live = observed.attributes
    status = str(live.get("status") or "running")
    if status != "running":
        return Line(one.title, one.type, address, status)
    cache, builds = _counts(one)
    platforms = tuple(map(str, live.get("platforms") or ()))
    version = str(live.get("version") or "")
    return Line(one.title, one.type, address, status, version, platforms, cache, builds)


def _counts(one: "Reached") -> tuple[int | None, int | None]:
    try:
        with one.lifecycle.connect(one.attributes) as client:
            return sum(record.size for record in client.disk_usage()), client.running_builds()
    except EnvdplanError:
        return None, None


@builder_app.command("ls")
def ls(
    ctx: typer.Context,
    format: Format = "table",
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Repeat until Ctrl-C.")] = False,
    var: Vars = None,
    var_file: VarFiles = None,
) -> int:
    """List builders, their platforms and their caches.

    Shows also the versions and the running builds.
    """
    from envdplan.views.builders import live, table

    _check(format)
    with reaching(ctx, var_file, var) as (session, reach):
        if format == "json":
            typer.echo(json.dumps([one.as_json() for one in _lines(reach)], indent=2))
        elif watch:
            live(lambda: _lines(reach), _EVERY, color=session.color)
        else:
            typer.echo(table(_lines(reach)), nl=False)
    return exit_codes.OK


def _lines(reach: "Reach") -> "list[Line]":
    found = list(reach.all())
    return together(_line_of, found, max(1, len(found)), "look")


def _line_of(one: "Reached | Unusable") -> "Line":
    from envdplan.resources.builds.reach import Unusable
    from envdplan.views.builders import Line

    if isinstance(one, Unusable):
        problem = f"{one.error.summary}. {one.error.detail}"
        return Line(one.title, one.type, one.address, "unusable", problem=problem)
    return line(one)


def _check(format: str) -> None:
    if format not in ("table", "json"):
        raise EnvdplanError("Unknown format", 'The format is "table" or "json".')


@builder_app.command("inspect")
def inspect(ctx: typer.Context, name: Name, var: Vars = None, var_file: VarFiles = None) -> int:
    """Show everything about one builder, as JSON."""
    with reaching(ctx, var_file, var) as (_, reach):
        one = reach.find(name)
        found: dict[str, Any] = line(one).as_json()
        if found["status"] == "running":
            with one.lifecycle.connect(one.attributes) as client:
                found["workers"] = [
                    {"id": each.id, "labels": dict(each.labels), "platforms": each.platforms}
                    for each in client.workers()
                ]
        typer.echo(json.dumps(found, indent=2))
    return exit_codes.OK


@builder_app.command("du")
def du(
    ctx: typer.Context,
    name: Name,
    format: Format = "table",
    var: Vars = None,
    var_file: VarFiles = None,
) -> int:
    """Show what the cache holds, largest first."""
    from envdplan.views.builders import size

    _check(format)
    with (
        reaching(ctx, var_file, var) as (_, reach),
        _client(reach.find(name)) as client,
    ):
        records = sorted(client.disk_usage(), key=lambda each: -each.size)
    if format == "json":
        fields = ("id", "size", "in_use", "description", "type")
        listed = [{field: getattr(each, field) for field in fields} for each in records]
        typer.echo(json.dumps(listed, indent=2))
        return exit_codes.OK
    for each in records:
        mark = "*" if each.in_use else " "
        typer.echo(f"{size(each.size):>10} {mark} {each.type:<16} {each.description[:80]}")
    used = sum(each.size for each in records if each.in_use)
    typer.echo(f"{size(sum(each.size for each in records)):>10}   in all, {size(used)} in use")
    return exit_codes.OK


@contextmanager
def _client(one: "Reached") -> Iterator[Any]:
    with one.lifecycle.connect(one.attributes) as client:
        yield client


@builder_app.command("prune")
def prune(
    ctx: typer.Context,
    name: Name,
    all: Annotated[
        bool, typer.Option("--all", "-a", help="Also delete frontend images and internal records.")
    ] = False,
    keep: Annotated[
        str, typer.Option("--keep", metavar="SIZE", help="Size of the cache to keep, such as 10g.")
    ] = "0",
    var: Vars = None,
    var_file: VarFiles = None,
) -> int:
    """Delete cache entries that no build uses."""
    from envdplan.ground.sizes import size_in_bytes
    from envdplan.views.builders import size

    try:
        kept = size_in_bytes(keep)
    except ValueError as error:
        raise EnvdplanError("Not a size", f"--keep: {error}.") from error
    cancel = threading.Event()
    with reaching(ctx, var_file, var) as (session, reach):
        one = reach.find(name)
        if one.address is not None:
            one.check_ours("pruned")
        with _client(one) as client:
            client.workers()  # a builder that does not answer is not waited for
            with graceful(
                cancel, session.view.message, "waiting for the builder to finish pruning"
            ):
                records = client.prune(all=all, keep_bytes=kept)
    total = size(sum(each.size for each in records))
    noun = "record" if len(records) == 1 else "records"
    typer.echo(f"{len(records)} {noun} deleted, {total} freed.")
    return exit_codes.INTERRUPTED if cancel.is_set() else exit_codes.OK


@builder_app.command("logs")
def logs(
    ctx: typer.Context,
    name: Name,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Number of lines.")] = 100,
    var: Vars = None,
    var_file: VarFiles = None,
) -> int:
    """Show the last lines of the daemon's log."""
    with reaching(ctx, var_file, var) as (_, reach):
        one = reach.find(name)
        typer.echo(one.lifecycle.logs(one.attributes, lines), nl=False)
    return exit_codes.OK


@builder_app.command("stop")
def stop(ctx: typer.Context, name: Name, var: Vars = None, var_file: VarFiles = None) -> int:
    """Stop a builder; its cache stays.

    Stops only builders that envdplan made. The next apply starts the builder again.
    """
    with reaching(ctx, var_file, var) as (session, reach):
        one = reach.find(name)
        one.check_ours("stopped")
        one.lifecycle.stop(one.attributes)
        session.view.message(f"{one.title} is stopped.")
    return exit_codes.OK


@builder_app.command("start")
def start(ctx: typer.Context, name: Name, var: Vars = None, var_file: VarFiles = None) -> int:
    """Start a builder and wait until it answers."""
    cancel = threading.Event()
    with reaching(ctx, var_file, var) as (session, reach):
        one = reach.find(name)
        if one.address is not None:
            one.check_ours("started")

        def report(message: str = "", detail: object | None = None) -> None:
            del detail
            if message:
                session.view.message(f"{one.title}: {message}")

        with graceful(cancel, session.view.message, "waiting no longer"):
            one.lifecycle.start(one.attributes, report, cancel)
        session.view.message(f"{one.title} is ready.")
    return exit_codes.OK


def forward(
    ctx: typer.Context,
    name: Name,
    socket: Annotated[
        Path | None,
        typer.Option(
            "--socket", metavar="PATH", help="Path of the socket. Default: one per context."
        ),
    ] = None,
    var: Vars = None,
    var_file: VarFiles = None,
) -> int:
    """Expose a builder as a local unix socket, until Ctrl-C.

    For plain envd. Only this user may connect. A context with forward = true uses this socket.
    """
    from envdplan.resources.contexts.contexttype import forward_path

    cancel = threading.Event()
    path = (socket or Path(forward_path(name.partition(".")[2] or name))).absolute()
    with reaching(ctx, var_file, var) as (session, reach):
        one = reach.find(name)
        _make_room(path)
        with one.lifecycle.connect(one.attributes) as client:
            client.workers()  # its own words, before anybody waits for it in vain
            with (
                client.exposed(path) as address,
                graceful(cancel, session.view.message, "closing the socket"),
            ):
                session.view.message(f"{one.title} is at unix://{address} until Ctrl-C.")
                while not cancel.is_set():
                    time.sleep(0.1)
    return exit_codes.OK


def _make_room(path: Path) -> None:
    """A socket that nobody serves any more is removed; one that is served is not ours."""
    import socket

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.is_socket():
        return
    probe = socket.socket(socket.AF_UNIX)
    try:
        probe.connect(str(path))
    except OSError:
        path.unlink(missing_ok=True)
        return
    finally:
        probe.close()
    raise EnvdplanError(
        "Socket is in use",
        f"Another process is listening at {path}. End it, or give another path with --socket.",
    )
