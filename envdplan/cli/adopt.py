"""envdplan import: take what exists already into the state, as it is."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from envdplan.app import exit_codes
from envdplan.app.wiring import Session
from envdplan.cli.newfile import write_new
from envdplan.cli.options import LockTimeout, VarFiles, Vars, address
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.diagnostics import EnvdplanError, suggestion

if TYPE_CHECKING:
    from envdplan.app.workflow import Loaded
    from envdplan.core.state.desired import Resource
    from envdplan.core.state.recorded import Record
    from envdplan.resources.builders.discovery import Found


def _undeclared(session: Session, wanted: Address, loaded: "Loaded") -> EnvdplanError:
    """What to write first; for a context that exists, the very block."""
    found = None
    declared = list(map(str, loaded.desired.resources))
    if wanted.kind is Kind.CONTEXT:
        found = (
            session.context_store(loaded.settings.context_store).read().contexts.find(wanted.name)
        )
    if found is None:
        hint = suggestion(str(wanted), declared)
        detail = (
            f"{wanted} has no block. Write it first; import uses it to find the real thing.{hint}"
        )
        return EnvdplanError("Not declared", detail)
    attributes = {
        "builder": found.builder,
        "builder_address": found.builder_address,
        "runner": found.runner,
        "runner_address": found.runner_address,
    }
    from envdplan.app.hclwriter import block_text

    block = "\n".join(f"  {line}" for line in block_text("context", wanted.name, attributes))
    detail = f"{wanted} has no block. Write it first, then import it:\n{block}"
    return EnvdplanError("Not declared", detail)


def adopt(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[ADDRESS]", help="The declared resource to import. Default: everything found."
        ),
    ] = None,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            metavar="FILE",
            help="File for the new blocks if no ADDRESS is given; - only prints them.",
        ),
    ] = "imported.envdplan.hcl",
    var: Vars = None,
    var_file: VarFiles = None,
    lock_timeout: LockTimeout = 0.0,
) -> int:
    """Record a builder or context that already exists.

    Only the state changes. Without ADDRESS it finds the builders of buildx and the contexts of
    envd, and writes blocks for them. The next plan shows what differs from the configuration.
    """
    session: Session = ctx.obj
    loaded = session.load(session.project(var_file, var, may_be_empty=name is None))
    if name is None:
        return _adopt_all(session, loaded, out, var_file, var, lock_timeout)
    wanted = address(name)
    if wanted not in loaded.desired.resources:
        raise _undeclared(session, wanted, loaded)
    _record(session, loaded, [wanted], lock_timeout)
    session.view.message(f"{wanted} is recorded. See `envdplan plan` for how it differs.")
    return exit_codes.OK


def _record(
    session: Session, loaded: "Loaded", wanted: list[Address], lock_timeout: float
) -> list[str]:
    """Record each; the reasons why some cannot be, where there are several."""
    from envdplan.app.flow import locked
    from envdplan.core.engine.adopt import adopted

    problems: list[str] = []
    with locked(session, loaded, "import", lock_timeout) as work:
        state = work.state
        for one in wanted:
            try:
                state = adopted(loaded.desired.resources[one], state, work.edge.reader)
            except EnvdplanError as error:
                if len(wanted) == 1:
                    raise
                problems.append(f"{error.summary}: {error.detail}")
        if state is not work.state:
            work.store.save(state)
    for one in wanted:
        if (record := state.records.get(one)) is not None and _has_a_mark(record):
            session.view.message(_of_another_state(one))
    return problems


def _has_a_mark(record: "Record") -> bool:
    return any(one.lineage for one in record.adopted)


def _of_another_state(one: Address) -> str:
    return (
        f"{one} was made from another state, perhaps that of another project. Now apply changes it "
        "here too, and destroy removes it. Where another project declares it, undo this: "
        f"`envdplan state rm {one}`, and take its block away."
    )


def _adopt_all(
    session: Session,
    loaded: "Loaded",
    out: str,
    var_file: list[Path] | None,
    var: list[str] | None,
    lock_timeout: float,
) -> int:
    """Everything that is on this machine and in no block yet."""
    found = _discovered(session, loaded)
    if not found:
        session.view.message("There is nothing to import that the configuration does not have.")
        return exit_codes.OK
    text = "\n\n".join(_block(one) for one in found) + "\n"
    if out == "-":
        typer.echo(text, nl=False)
        return exit_codes.OK
    write_new(session.directory / out, text)
    try:
        again = session.load(session.project(var_file, var))
    except EnvdplanError:
        (session.directory / out).unlink()  # as it was: what was found does not fit in
        raise
    problems = _record(session, again, [one.address for one in found if not one.note], lock_timeout)
    noun = "block" if len(found) == 1 else "blocks"
    session.view.message(f"{len(found)} {noun} written to {out}, and recorded as they are.")
    for one in found:
        if one.note:
            session.view.message(f"{one.address} could not be looked at: {one.note}")
    for problem in problems:
        session.view.message(problem)
    return exit_codes.ERROR if problems else exit_codes.OK


def _discovered(session: Session, loaded: "Loaded") -> "list[Found]":
    from envdplan.app.flow import opened
    from envdplan.clients.docker.buildx import instances
    from envdplan.clients.envd.contexts import OWN
    from envdplan.resources.builders.discovery import Discovery

    declared = loaded.desired.resources
    with opened(session, loaded) as project:
        discovery = Discovery(project.edge.lifecycle, set(declared), _endpoints(declared))
        found = list(discovery.builders(instances(session.environment)))
        store = session.context_store(loaded.settings.context_store).read().contexts
        for context in store.contexts:
            if context.builder == "docker-container":
                one = discovery.container(context.builder_address)
                found += [one] if one is not None else []
        # What envd has by itself is nobody's: recorded, a later apply would have to destroy it.
        made = tuple(one for one in store.contexts if one != OWN)
        contexts = list(discovery.contexts(replace(store, contexts=made)))
    known = {one.attributes.get("name") for one in declared.values() if _is_context(one)}
    named = ((one.attributes.get("name") or one.address.name, one) for one in contexts)
    return [*found, *(one for name, one in named if name not in known)]


def _endpoints(
    declared: "Mapping[Address, Resource]",
) -> dict[tuple[str, str], Address]:
    builders = (one for one in declared.values() if one.address.kind is Kind.BUILDER)
    return {(one.type, str(one.attributes.get("address"))): one.address for one in builders}


def _is_context(one: "Resource") -> bool:
    return one.address.kind is Kind.CONTEXT


def _block(one: "Found") -> str:
    from envdplan.app.hclwriter import block_text

    references = {} if one.builder is None else {"builder": str(one.builder)}
    lines = block_text(one.address.kind.value, one.address.name, one.attributes, references)
    note = [f"# It could not be looked at: {one.note}"] if one.note else []
    return "\n".join([*note, *lines])
