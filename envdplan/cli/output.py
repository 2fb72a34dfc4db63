"""envdplan output."""

from typing import TYPE_CHECKING, Annotated

import typer

from envdplan.app import exit_codes
from envdplan.app.wiring import Session
from envdplan.cli.options import Json
from envdplan.core.plan.untold import REMEDY
from envdplan.ground.addresses import Kind
from envdplan.ground.diagnostics import EnvdplanError, suggestion
from envdplan.ground.values import Value, is_known, is_sensitive

if TYPE_CHECKING:
    from envdplan.core.state.recorded import Record, State


def output(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    raw: Annotated[
        bool, typer.Option("--raw", "-raw", help="Print the text alone, without quotes.")
    ] = False,
    json: Json = False,
) -> int:
    """Show the outputs of the last apply.

    With NAME it prints the value alone, with --json too. Without NAME, --json prints one object
    that gives `sensitive`, `type` and `value` of each output.
    """
    session: Session = ctx.obj
    state = session.state_store(session.settings()).load()
    outputs = state.outputs
    if name is None:
        if raw:
            detail = "Say which output: `envdplan output NAME --raw`."
            raise EnvdplanError("--raw needs a name", detail)
        return _all(session, state, json=json)
    if name not in outputs:
        known = ", ".join(sorted(outputs)) or "there are none; apply first"
        hint = suggestion(name, outputs) or f" Outputs: {known}."
        raise EnvdplanError("Unknown output", f'There is no output called "{name}".{hint}')
    _refuse_without_value(session, state, name)
    typer.echo(_one(outputs[name], raw=raw, json=json), nl=not raw)
    return exit_codes.OK


def _one(value: Value, *, raw: bool, json: bool) -> str:
    if raw:
        if not isinstance(value, str | int):
            raise EnvdplanError("--raw prints text only", "This output is not text; use --json.")
        return str(value)
    if json:
        return _json(value)
    from envdplan.views.values_text import value_text

    return value_text(value)


def _all(session: Session, state: "State", *, json: bool) -> int:
    """All that are known. What is not known yet is an error, told after the rest."""
    outputs = state.outputs
    known = {name: value for name, value in outputs.items() if is_known(value)}
    if json:
        typer.echo(_json(known, whole=True))
    else:
        secret = frozenset(name for name, value in known.items() if is_sensitive(value))
        session.view.outputs(known, secret)
    missing = [_unknown(session, state, name) for name in sorted({*outputs} - {*known})]
    if missing:
        raise EnvdplanError("Output is not known yet", " ".join(missing))
    return exit_codes.OK


def _json(value: Value, *, whole: bool = False) -> str:
    from envdplan.language.evaluation.problems import FunctionError
    from envdplan.views.outputs_json import outputs_json, value_json

    try:
        return outputs_json(value) if whole else value_json(value)
    except FunctionError as error:
        raise EnvdplanError("Nested too deeply", f"No JSON can be made: {error}.") from None


def _refuse_without_value(session: Session, state: "State", name: str) -> None:
    """A word in place of a value would be taken for the value by whoever reads it."""
    value = state.outputs[name]
    if not is_known(value):
        raise EnvdplanError("Output is not known yet", _unknown(session, state, name))
    if is_sensitive(value):
        raise EnvdplanError(
            "Sensitive output is not stored",
            f'Output "{name}" is sensitive, and the state never stores sensitive values. Read '
            "it where the configuration gets it from.",
        )


def _unknown(session: Session, state: "State", name: str) -> str:
    """When it will be known. The configuration tells, if it can be read."""
    from envdplan.app.workflow import waits_for

    try:
        needed = waits_for(session.project(may_be_empty=True), name)
    except EnvdplanError:
        needed = ()
    done = {str(one.address) for one in state.records.values() if _has_no_image(one)}
    done -= {str(one) for one in state.pending}
    if needed and {*needed} <= done:
        was = "was" if len(needed) == 1 else "were"
        what = f'Output "{name}" has no value: {" and ".join(needed)} {was} built and not pushed'
        return f"{what}. {REMEDY}, and apply again."
    when = f"{' and '.join(needed)} {'has' if len(needed) == 1 else 'have'} succeeded"
    return f'Output "{name}" is known when {when if needed else "an apply has succeeded"}.'


def _has_no_image(record: "Record") -> bool:
    """Whether it is a build that was made, and that nothing can refer to."""
    return record.address.kind is Kind.BUILD and record.attributes.get("image") is None
