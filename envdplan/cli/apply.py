"""envdplan apply and envdplan destroy."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from envdplan.app import exit_codes
from envdplan.app.wiring import Session
from envdplan.cli.options import (
    AutoApprove,
    Files,
    Json,
    LockTimeout,
    Parallelism,
    RefreshOnly,
    Replaces,
    Sets,
    Targets,
    VarFiles,
    Vars,
    plan_options,
)
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError

if TYPE_CHECKING:
    from envdplan.core.plan.options import PlanOptions
    from envdplan.core.plan.planfile import PlanFile

PlanPath = Annotated[
    Path | None, typer.Argument(metavar="[PLANFILE]", help="A plan file saved by `plan --out`.")
]


def apply(
    ctx: typer.Context,
    planfile: PlanPath = None,
    auto_approve: AutoApprove = False,
    refresh_only: RefreshOnly = False,
    target: Targets = None,
    replace: Replaces = None,
    var: Vars = None,
    var_file: VarFiles = None,
    parallelism: Parallelism = 10,
    lock_timeout: LockTimeout = 0.0,
    json: Json = False,
    file: Files = None,
    override: Sets = None,
) -> int:
    """Create builders and contexts, run and push builds.

    Does exactly what plan shows. With PLANFILE it does the saved plan, or nothing.
    """
    del file, override  # the session has them
    session: Session = ctx.obj
    session.json = session.json or json
    if planfile is not None:
        _refuse(
            {
                "--target": target,
                "--replace": replace,
                "--refresh-only": refresh_only,
                "-f": session.bake_files,
                "--set": session.overrides,
            }
        )
        return _apply_saved(session, planfile, var, var_file, parallelism, lock_timeout)
    options = plan_options(target, replace, refresh_only=refresh_only)
    return _apply_now(
        session,
        options,
        (var, var_file),
        parallelism=parallelism,
        lock_timeout=lock_timeout,
        auto_approve=auto_approve,
    )


def destroy(
    ctx: typer.Context,
    auto_approve: AutoApprove = False,
    target: Targets = None,
    var: Vars = None,
    var_file: VarFiles = None,
    parallelism: Parallelism = 10,
    lock_timeout: LockTimeout = 0.0,
    json: Json = False,
    file: Files = None,
    override: Sets = None,
) -> int:
    """Remove what envdplan made: contexts and builders. Images stay in their registries."""
    del file, override  # the session has them
    session: Session = ctx.obj
    session.json = session.json or json
    options = plan_options(target, None, destroy=True)
    return _apply_now(
        session,
        options,
        (var, var_file),
        parallelism=parallelism,
        lock_timeout=lock_timeout,
        auto_approve=auto_approve,
    )


def _apply_now(
    session: Session,
    options: "PlanOptions",
    given: tuple[list[str] | None, list[Path] | None],
    *,
    parallelism: int,
    lock_timeout: float,
    auto_approve: bool,
) -> int:
    from envdplan.app.flow import confirm, locked, run

    flags, files = given
    loaded = session.load(session.project(files, flags))
    operation = "destroy" if options.destroy else "apply"
    with locked(session, loaded, operation, lock_timeout) as work:
        plan = work.plan(options, parallelism=parallelism)
        session.view.plan(plan)
        if not confirm(session, plan, auto_approve=auto_approve):
            session.view.message("Nothing was done.")
            return exit_codes.ERROR
        return run(work, plan, work.state, parallelism=parallelism)


def _apply_saved(
    session: Session,
    path: Path,
    flags: list[str] | None,
    files: list[Path] | None,
    parallelism: int,
    lock_timeout: float,
) -> int:
    """Exactly the saved plan, or nothing."""
    from envdplan.app.flow import locked, run
    from envdplan.app.saved import as_planned, read_plan
    from envdplan.app.workflow import check_fresh
    from envdplan.core.plan.gaps import gaps

    saved = read_plan(path)
    _refuse({"--var": _of_plan(saved, flags), "--var-file": files if not saved.sensitive else ()})
    loaded = session.load(as_planned(session.given(files, flags), saved))
    with locked(session, loaded, "apply", lock_timeout) as work:
        state = check_fresh(saved.plan, work.state)
        session.view.diagnostics(Diagnostics([*gaps(saved.plan.changes)]))
        session.view.plan_in_brief(saved.plan)
        return run(work, saved.plan, state, parallelism=parallelism)


def _refuse(options: Mapping[str, object]) -> None:
    """A saved plan is done as it is: what would make another one of it is not ignored."""
    given = [name for name, value in options.items() if value]
    if given:
        verb = "belongs" if len(given) == 1 else "belong"
        raise EnvdplanError(
            "Saved plan takes no plan options",
            f"{', '.join(given)} {verb} to `envdplan plan --out`, and what it was given there "
            "holds. Only values of sensitive variables are given again: no plan holds them.",
        )


def _of_plan(saved: "PlanFile", flags: list[str] | None) -> list[str]:
    """Those of --var whose variables are not sensitive: the plan has their values."""
    return [one for one in flags or () if one.partition("=")[0] not in saved.sensitive]
