"""envdplan plan."""

from pathlib import Path
from typing import Annotated

import typer

from envdplan.app import exit_codes
from envdplan.app.wiring import Session
from envdplan.cli.options import (
    Files,
    Json,
    Parallelism,
    Refresh,
    RefreshOnly,
    Replaces,
    Sets,
    Targets,
    VarFiles,
    Vars,
    plan_options,
)

Out = Annotated[
    Path | None,
    typer.Option("--out", "-out", "-o", metavar="FILE", help="Save the plan, for `apply FILE`."),
]
Detailed = Annotated[
    bool,
    typer.Option(
        "--detailed-exitcode",
        "-detailed-exitcode",
        help="Exit with 0 if there are no changes, 2 if there are, 1 on errors and if "
        "anything could not be decided.",
    ),
]
Destroy = Annotated[
    bool, typer.Option("--destroy", "-destroy", help="Plan to destroy everything recorded.")
]


def plan(
    ctx: typer.Context,
    out: Out = None,
    detailed_exitcode: Detailed = False,
    destroy: Destroy = False,
    refresh_only: RefreshOnly = False,
    refresh: Refresh = True,
    target: Targets = None,
    replace: Replaces = None,
    var: Vars = None,
    var_file: VarFiles = None,
    parallelism: Parallelism = 10,
    json: Json = False,
    file: Files = None,
    override: Sets = None,
) -> int:
    """Show what apply would do, and why. Changes nothing."""
    del file, override  # the session has them
    from envdplan.app.flow import opened
    from envdplan.app.saved import save_plan
    from envdplan.app.usedtexts import UsedTexts

    session: Session = ctx.obj
    session.json = session.json or json
    options = plan_options(target, replace, destroy=destroy, refresh_only=refresh_only)
    project = session.project(var_file, var)
    used = UsedTexts()
    loaded = session.load(used.noting(project))
    with opened(session, loaded) as work:
        made = work.plan(options, parallelism=parallelism, look=refresh)
    session.view.plan(made)
    if out is not None:
        save_plan(out, made, project, loaded, used)
        session.view.message(f"The plan is in {out}. To do it: envdplan apply {out}")
    if refresh and made.counts().deferred:
        return exit_codes.ERROR
    return exit_codes.CHANGES if detailed_exitcode and not made.is_empty else exit_codes.OK
