"""envdplan import: take what exists already into the state, as it is."""

from typing import Annotated

import typer

from envdplan.cli import exit_codes
from envdplan.cli.options import LockTimeout, VarFiles, Vars, address
from envdplan.cli.wiring import Session
from envdplan.diagnostics import EnvdplanError


def adopt(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ADDRESS", help="A declared resource.")],
    var: Vars = None,
    var_file: VarFiles = None,
    lock_timeout: LockTimeout = 0.0,
) -> int:
    """Record a builder or context that exists already; nothing but the state changes.

    The next plan shows how it differs from the configuration, and may change it from then on.
    """
    from envdplan.cli.flow import locked
    from envdplan.engine.adopt import adopted

    session: Session = ctx.obj
    wanted = address(name)
    loaded = session.load(session.project(var_file, var))
    resource = loaded.desired.resources.get(wanted)
    if resource is None:
        raise EnvdplanError(
            f"{wanted} is not declared", "Write its block first; import finds the thing by it."
        )
    with locked(session, loaded, "import", lock_timeout) as work:
        work.store.save(adopted(resource, work.state, work.edge.reader))
    session.view.message(f"{wanted} is recorded. See `envdplan plan` for how it differs.")
    return exit_codes.OK
