"""envdplan functions and console: the language by itself."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from envdplan.app import exit_codes
from envdplan.app.wiring import Session
from envdplan.cli.options import Files, Sets, VarFiles, Vars
from envdplan.ground.diagnostics import EnvdplanError, Rejected, suggestion

if TYPE_CHECKING:
    from envdplan.app.workflow import Loaded
    from envdplan.core.state.desired import Known
    from envdplan.language.evaluation.context import Function

_INDENT = "    "


def functions(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A single function. Default: all.")
    ] = None,
    format: Annotated[
        str, typer.Option("--format", "-f", metavar="text|json", help="Output format.")
    ] = "text",
) -> int:
    """List the functions of the language.

    With NAME it shows how that one is called, with an example.
    """
    from envdplan.language.functions import FUNCTIONS

    if format not in ("text", "json"):
        raise EnvdplanError("Unknown format", 'The format is "text" or "json".')
    if name is not None and name not in FUNCTIONS:
        hint = suggestion(name, FUNCTIONS) or " `envdplan functions` lists all."
        raise EnvdplanError("Unknown function", f'There is no function called "{name}".{hint}')
    chosen = [FUNCTIONS[name]] if name is not None else list(FUNCTIONS.values())
    if format == "json":
        typer.echo(json.dumps([_as_json(one) for one in chosen], indent=2, ensure_ascii=False))
    elif name is None:
        for one in chosen:
            typer.echo(f"{one.signature}\n{_INDENT}{one.description}")
    else:
        one = chosen[0]
        typer.echo(f"{one.signature}\n{_INDENT}{one.description}\n\n{one.example}")
        typer.echo(f"{_INDENT}= {one.result}")
    return exit_codes.OK


def _as_json(one: "Function") -> dict[str, str]:
    fields = ("name", "signature", "description", "example", "result")
    return {field: str(getattr(one, field)) for field in fields}


def console(
    ctx: typer.Context,
    expressions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXPRESSION]...", help="Default: read expressions from standard input."
        ),
    ] = None,
    var: Vars = None,
    var_file: VarFiles = None,
    file: Files = None,
    override: Sets = None,
) -> int:
    """Evaluate expressions of the configuration.

    One expression per line. Values known only after apply come from the state. Secrets are
    not shown.
    """
    del file, override  # the session has them
    session: Session = ctx.obj
    loaded = session.load(session.project(var_file, var, may_be_empty=True))
    state = session.state_store(loaded.settings).load()
    known = {address: record.attributes for address, record in state.records.items()}
    code = exit_codes.OK
    for text in expressions or _typed():
        if text.strip() and not _tell(session, loaded, text, known):
            code = exit_codes.ERROR
    return code


def _typed() -> Iterator[str]:
    """Lines of standard input, each when it is there; with a prompt on a terminal."""
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    import readline  # noqa: F401  its import gives input() a history

    while True:
        try:
            yield input("> ")
        except EOFError:
            typer.echo()
            return


def _tell(session: Session, loaded: "Loaded", text: str, known: "Known") -> bool:
    """The value of one expression; a mistake is told, and ends nothing."""
    from envdplan.views.values_text import value_text

    try:
        typer.echo(value_text(loaded.value(text.rstrip("\n"), known)))
    except Rejected as error:
        session.view.diagnostics(error.diagnostics)
        return False
    return True
