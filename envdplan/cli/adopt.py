"""envdplan import: take what exists already into the state, as it is."""

from typing import Annotated

import typer

from envdplan.addresses import Address, Kind
from envdplan.cli import exit_codes
from envdplan.cli.hclwriter import block_text
from envdplan.cli.options import LockTimeout, VarFiles, Vars, address
from envdplan.cli.wiring import Session
from envdplan.diagnostics import EnvdplanError


def _undeclared(session: Session, wanted: Address, store: str | None) -> EnvdplanError:
    """What to write first; for a context that exists, the very block."""
    found = None
    if wanted.kind is Kind.CONTEXT:
        found = session.context_store(store).read().contexts.find(wanted.name)
    if found is None:
        detail = "Write its block first; import finds the thing by it."
        return EnvdplanError(f"{wanted} is not declared", detail)
    attributes = {
        "builder": found.builder,
        "builder_address": found.builder_address,
        "runner": found.runner,
        "runner_address": found.runner_address,
    }
    block = "\n".join(f"  {line}" for line in block_text("context", wanted.name, attributes))
    detail = f"Write its block first, then import it:\n{block}"
    return EnvdplanError(f"{wanted} is not declared", detail)


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
        raise _undeclared(session, wanted, loaded.settings.context_store)
    with locked(session, loaded, "import", lock_timeout) as work:
        work.store.save(adopted(resource, work.state, work.edge.reader))
    session.view.message(f"{wanted} is recorded. See `envdplan plan` for how it differs.")
    return exit_codes.OK
