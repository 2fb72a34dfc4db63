"""envdplan validate, show, state and force-unlock."""

from pathlib import Path
from typing import Annotated

import typer

from envdplan.app import exit_codes
from envdplan.app.wiring import Session
from envdplan.cli.options import Files, Json, LockTimeout, Sets, VarFiles, Vars, addresses
from envdplan.core.state.recorded import State
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError, Rejected, suggestion

state_app = typer.Typer(no_args_is_help=True, help="Show and change the state.")

Addresses = Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...")]


def validate(
    ctx: typer.Context,
    var: Vars = None,
    var_file: VarFiles = None,
    json: Json = False,
    file: Files = None,
    override: Sets = None,
) -> int:
    """Check the configuration.

    Looks at no builder, registry or state.
    """
    del file, override  # the session has them
    session: Session = ctx.obj
    session.json = session.json or json
    found, resources = _checked(session, var_file, var)
    session.view.validation(found, resources)
    return exit_codes.ERROR if found.has_errors else exit_codes.OK


def _checked(
    session: Session, files: list[Path] | None, flags: list[str] | None
) -> tuple[Diagnostics, int]:
    """All that is wrong; a project that cannot be read is one more mistake."""
    try:
        loaded = session.evaluated(session.project(files, flags), look=False)
    except Rejected as error:
        return error.diagnostics, 0
    except EnvdplanError as error:
        found = Diagnostics()
        found.error(error.summary, error.detail)
        return found, 0
    return loaded.warnings, len(loaded.desired.resources)


def show(
    ctx: typer.Context,
    planfile: Annotated[Path | None, typer.Argument(metavar="[PLANFILE]")] = None,
    config: Annotated[
        bool, typer.Option("--config", "-config", help="Show the resolved configuration.")
    ] = False,
    var: Vars = None,
    var_file: VarFiles = None,
    json: Json = False,
    file: Files = None,
    override: Sets = None,
) -> int:
    """Show a saved plan, the state or the configuration.

    With --config, every expression of the configuration is resolved.
    """
    del file, override  # the session has them
    session: Session = ctx.obj
    session.json = session.json or json
    if config and planfile is not None:
        raise EnvdplanError(
            "Plan file and --config exclude each other", "Give a plan file or --config, not both."
        )
    if not config and (var or var_file):
        detail = "--var and --var-file are for --config: plan and state have their values."
        raise EnvdplanError("Variables have no effect here", detail)
    if config:
        loaded = session.load(session.project(var_file, var))
        session.view.configuration(loaded.desired)
        return exit_codes.OK
    if planfile is not None:
        from envdplan.app.saved import read_plan

        session.view.plan(read_plan(planfile).plan)
        return exit_codes.OK
    session.view.state(session.state_store(session.settings()).load())
    return exit_codes.OK


@state_app.command("list")
def state_list(ctx: typer.Context) -> int:
    """List the addresses of all recorded resources."""
    session: Session = ctx.obj
    for one in sorted(session.state_store(session.settings()).load().records):
        typer.echo(str(one))
    return exit_codes.OK


@state_app.command("show")
def state_show(ctx: typer.Context, texts: Addresses = None, json: Json = False) -> int:
    """Show what the state records of resources."""
    from dataclasses import replace

    session: Session = ctx.obj
    session.json = session.json or json
    state = session.state_store(session.settings()).load()
    if texts:
        wanted = addresses(texts, state.records)
        for one in wanted:
            if one not in state.records:
                raise _not_recorded(one, state)
        state = replace(state, records={one: state.records[one] for one in wanted}, outputs={})
    session.view.state(state)
    return exit_codes.OK


def _not_recorded(wanted: Address, state: State) -> EnvdplanError:
    hint = suggestion(str(wanted), map(str, (*state.records, *state.pending)))
    hint = hint or " See `envdplan state list`."
    return EnvdplanError("Not in the state", f"{wanted} is not in the state.{hint}")


@state_app.command("rm")
def state_rm(
    ctx: typer.Context,
    texts: Annotated[list[str], typer.Argument(metavar="ADDRESS...")],
    lock_timeout: LockTimeout = 0.0,
) -> int:
    """Forget resources; the real things stay as they are.

    An ADDRESS can be a whole module.
    """
    from dataclasses import replace

    session: Session = ctx.obj
    store = session.state_store(session.settings())
    with store.lock("state rm", timeout=lock_timeout):
        state = store.load()
        gone = addresses(texts, {*state.records, *state.pending})
        for one in gone:
            if one not in state.records and one not in state.pending:
                raise _not_recorded(one, state)
        store.save(
            replace(
                state,
                serial=state.serial + 1,
                records={k: v for k, v in state.records.items() if k not in gone},
                pending={k: v for k, v in state.pending.items() if k not in gone},
            )
        )
    names = ", ".join(map(str, gone))
    session.view.message(f"Forgotten: {names}. The real things stay as they are.")
    return exit_codes.OK


def force_unlock(
    ctx: typer.Context,
    lock_id: Annotated[str, typer.Argument(metavar="ID", help="Lock ID from the error message.")],
) -> int:
    """Remove a state lock that was left behind."""
    session: Session = ctx.obj
    session.state_store(session.settings()).force_unlock(lock_id)
    session.view.message("The state is unlocked.")
    return exit_codes.OK
