"""The command line: every command, and one place where errors end."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import typer

from envdplan import __version__
from envdplan.app import exit_codes
from envdplan.app.streams import OutputLost, tell_lost
from envdplan.app.wiring import Session
from envdplan.cli.adopt import adopt
from envdplan.cli.apply import apply, destroy
from envdplan.cli.builders import builder_app, forward
from envdplan.cli.contexts import context_app
from envdplan.cli.convert import convert
from envdplan.cli.fmt import fmt
from envdplan.cli.init import init
from envdplan.cli.inspect import force_unlock, show, state_app, validate
from envdplan.cli.language import console, functions
from envdplan.cli.output import output
from envdplan.cli.plan import plan
from envdplan.cli.schema import schema
from envdplan.cli.spelling import as_here, tell_whole
from envdplan.ground import interrupts
from envdplan.ground.diagnostics import EnvdplanError, Interrupted
from envdplan.ground.reading import is_dir

app: Final = typer.Typer(
    name="envdplan",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Plan and apply envd contexts, BuildKit builders and image builds.",
)
app.command("init")(init)
app.command("plan")(plan)
app.command("apply")(apply)
app.command("destroy")(destroy)
app.command("validate")(validate)
app.command("fmt")(fmt)
app.command("convert")(convert)
app.command("show")(show)
app.command("output")(output)
app.command("import")(adopt)
app.command("forward")(forward)
app.command("console")(console)
app.command("functions")(functions)
app.command("schema")(schema)
app.command("force-unlock")(force_unlock)
app.add_typer(state_app, name="state")
app.add_typer(context_app, name="context")
app.add_typer(builder_app, name="builder")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"envdplan {__version__}")
        raise typer.Exit


@app.callback()
def main(
    ctx: typer.Context,
    chdir: Annotated[
        Path | None,
        typer.Option("-C", "--chdir", "-chdir", metavar="DIR", help="Work in this directory."),
    ] = None,
    no_color: Annotated[
        bool, typer.Option("--no-color", "-no-color", help="Turn colors off, as NO_COLOR does.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Plan and apply envd contexts, BuildKit builders and image builds."""
    del version
    directory = (chdir or Path()).absolute()
    if not is_dir(directory):
        raise EnvdplanError("Directory not found", f"{directory} is not a directory.")
    session: Session = ctx.obj
    session.directory = directory
    session.color = not no_color


def run(arguments: list[str]) -> int:
    """Run one command line; the exit code. Raises nothing but SystemExit and its kin."""
    session = Session()
    try:
        _log(session, arguments)
        code = app(as_here(arguments), standalone_mode=False, obj=session)
    except EnvdplanError as error:
        session.tell(error)
        stopped = isinstance(error, Interrupted)
        code = exit_codes.INTERRUPTED if stopped else exit_codes.ERROR
    except KeyboardInterrupt:
        code = exit_codes.INTERRUPTED
    except OutputLost as lost:
        code = tell_lost(lost)
    except Exception as error:  # noqa: BLE001  the last place: a bug of ours, told as one
        tell_whole(error, arguments)
        code = _unexpected(session, error)
    finally:
        if "view" in session.__dict__:
            with suppress(OutputLost):  # told when the last of it is written
                session.view.close()
    if code == exit_codes.INTERRUPTED:
        sys.stderr.write(f"Stopped by {interrupts.name()}.\n")
        return interrupts.exit_code()
    return code if isinstance(code, int) else exit_codes.OK


def _log(session: Session, arguments: list[str]) -> None:
    """Start the log that the environment asks for; else nothing of it is imported."""
    if session.environment.get("ENVDPLAN_LOG") or session.environment.get("ENVDPLAN_LOG_FILE"):
        from envdplan.ground import logsetup

        logsetup.start(session.environment, arguments)


def _unexpected(session: Session, error: Exception) -> int:
    """Usage errors of click, wishes to exit, and bugs.

    typer may bring a click of its own, so that its errors are known by what they can do.
    """
    show = getattr(error, "show", None)
    if callable(show) and hasattr(error, "format_message"):
        show()
        return exit_codes.ERROR
    code = getattr(error, "exit_code", None)
    if isinstance(code, int):
        return code
    if type(error).__name__ == "Abort":
        if not isinstance(error.__cause__, EOFError):
            return exit_codes.INTERRUPTED
        error = error.__cause__  # no end of input: those are caught where input is read
    if session.environment.get("ENVDPLAN_DEBUG"):
        raise error
    if isinstance(error, OSError):
        session.view.error(_refused(error))
        return exit_codes.ERROR
    if isinstance(error, RecursionError):
        detail = "A value of the configuration is nested so deeply that it cannot be worked with."
        session.view.error(EnvdplanError("Nested too deeply", detail))
        return exit_codes.ERROR
    what = f"{type(error).__name__}: {error}"
    session.view.error(
        EnvdplanError(
            "Internal error",
            f"{what}. This is a bug in envdplan; please report it, with what ENVDPLAN_DEBUG=1 "
            "makes it print.",
        )
    )
    return exit_codes.ERROR


def _refused(error: OSError) -> EnvdplanError:
    """What the system said no to, where nobody knew better words."""
    what = f"{error.filename}: " if error.filename else ""
    return EnvdplanError("Operating system error", f"{what}{error.strerror or error}.")
