"""envdplan context: envd's own commands on envd's own store, with its flags and its table."""

from typing import TYPE_CHECKING, Annotated

import typer

from envdplan.app import exit_codes
from envdplan.app.wiring import Session
from envdplan.ground.diagnostics import EnvdplanError

if TYPE_CHECKING:
    from envdplan.clients.envd.contexts import ContextSet

context_app = typer.Typer(no_args_is_help=True, help="Show and change envd's contexts by hand.")

Store = Annotated[
    str | None,
    typer.Option("--store", metavar="FILE", help="Context store. Default: envd's own."),
]
Name = Annotated[str, typer.Option("--name", "-n", help="Name of the context.")]


@context_app.command("ls")
def ls(
    ctx: typer.Context,
    format: Annotated[
        str, typer.Option("--format", "-f", metavar="table|json", help="Output format.")
    ] = "table",
    health: Annotated[
        bool, typer.Option("--health", help="Also check whether each runner answers.")
    ] = False,
    store: Store = None,
) -> int:
    """List contexts, as `envd context ls` does."""
    from envdplan.clients.envd.listing import as_json, as_table

    session: Session = ctx.obj
    formats = {"table": as_table, "json": as_json}
    if format not in formats:
        raise EnvdplanError("Unknown format", 'The format is "table" or "json".')
    found = session.context_store(store).read()
    for warning in found.warnings:
        typer.echo(f"Warning: {warning.summary}. {warning.detail}", err=True)
    typer.echo(formats[format](found.contexts), nl=False)
    if health and format == "table":
        _health(session, found.contexts)
    return exit_codes.OK


def _health(session: Session, contexts: "ContextSet") -> None:
    """A line for each runner, below the table that envd's users know."""
    from envdplan.clients.envd.contexts import shown
    from envdplan.resources.contexts.runners import Runners

    runners = Runners(session.environment)
    for kind, address in dict.fromkeys(
        (one.runner, one.runner_address) for one in contexts.contexts
    ):
        problem = runners.problem(kind, address)
        where = f" at {shown(address)}" if address else ""
        typer.echo(f"runner {shown(kind)}{where}: {problem.text if problem else 'answers'}")


@context_app.command("create")
def create(
    ctx: typer.Context,
    name: Name,
    builder: Annotated[str, typer.Option("--builder", help="Type of the builder.")] = (
        "docker-container"
    ),
    builder_address: Annotated[
        str,
        typer.Option("--builder-address", "--builder-socket", help="Address of the builder."),
    ] = "envd_buildkitd",
    runner: Annotated[str, typer.Option("--runner", help="Type of the runner.")] = "docker",
    runner_address: Annotated[
        str | None, typer.Option("--runner-address", help="Address of the runner.")
    ] = None,
    use: Annotated[bool, typer.Option("--use", help="Make this the current context.")] = False,
    store: Store = None,
) -> int:
    """Create a context, as `envd context create` does."""
    from envdplan.clients.envd import commands

    session: Session = ctx.obj
    made = commands.new_context(
        name,
        builder=builder,
        builder_address=builder_address,
        runner=runner,
        runner_address=runner_address,
    )
    session.context_store(store).change(lambda all: commands.create(all, made, use=use))
    session.view.message(f"Context {name} is created{' and now current' if use else ''}.")
    return exit_codes.OK


@context_app.command("use")
def use(ctx: typer.Context, name: Name, store: Store = None) -> int:
    """Make a context current, as `envd context use` does."""
    from envdplan.clients.envd import commands

    session: Session = ctx.obj
    session.context_store(store).change(lambda all: commands.use(all, name))
    session.view.message(f"Context {name} is now current.")
    return exit_codes.OK


@context_app.command("rm")
def rm(ctx: typer.Context, name: Name, store: Store = None) -> int:
    """Remove a context, as `envd context rm` does. Its builder stays."""
    from envdplan.clients.envd import commands

    session: Session = ctx.obj
    session.context_store(store).change(lambda all: commands.remove(all, name))
    session.view.message(f"Context {name} is removed.")
    return exit_codes.OK


@context_app.command("repair")
def repair(ctx: typer.Context, store: Store = None) -> int:
    """Repair a store that envd cannot read.

    Keeps a copy of the broken file.
    """
    from envdplan.clients.envd.repair import repair as mend

    session: Session = ctx.obj
    done = mend(session.context_store(store).path)
    if done.kept is None:
        session.view.message(f"{done.path} can be read; nothing was done.")
        return exit_codes.OK
    noun = "context" if done.salvaged == 1 else "contexts"
    session.view.message(
        f"{done.path} could not be read ({done.reason}). {done.salvaged} {noun} could be saved. "
        f"The broken file is kept as {done.kept}."
    )
    return exit_codes.OK
