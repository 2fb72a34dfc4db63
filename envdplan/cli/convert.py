"""envdplan convert: files of bake and Compose, written as a configuration of envdplan."""

from pathlib import Path
from typing import Annotated

import typer

from envdplan.app import exit_codes
from envdplan.app.wiring import Session
from envdplan.cli.options import Files, Sets, Vars
from envdplan.ground.diagnostics import EnvdplanError, Rejected

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-out",
        "-o",
        metavar="FILE",
        help="Write to this new file. Default: standard output.",
    ),
]


def convert(
    ctx: typer.Context,
    out: Out = None,
    var: Vars = None,
    file: Files = None,
    override: Sets = None,
) -> int:
    """Convert bake or Compose files into a configuration.

    Variables, functions and matrices are resolved: the result holds their present values.
    """
    del file, override  # the session has them
    from envdplan.cli.newfile import write_new
    from envdplan.dialects.bake.convert import written
    from envdplan.language.evaluation.context import Context, Names

    session: Session = ctx.obj
    project = session.project(None, var)
    if project.dialect is None:
        raise EnvdplanError(
            "Nothing to convert",
            f"{session.directory} has a configuration of envdplan. Name the files of bake or "
            "Compose with -f FILE.",
        )
    document, problems = project.dialect(Context(Names(), {}, project.directory))
    if problems.has_errors:
        raise Rejected(problems)
    session.view.diagnostics(problems)
    text = written(document)
    if out is None:
        typer.echo(text, nl=False)
        return exit_codes.OK
    write_new(session.directory / out, text)
    session.view.message(f"The configuration is in {out}.")
    return exit_codes.OK
