"""Variables: their declarations, where their values come from, and what they have to be like.

Values, lowest to highest: `default`, ENVDPLAN_VAR_<name>, envdplan.vars files, *.auto.vars
files by name, --var-file, --var; the last one given wins.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile, SourceRange
from envdplan.ground.values import UNKNOWN, Sensitive, Value, reveal
from envdplan.language.configuration.config import Declared
from envdplan.language.configuration.validations import check_values
from envdplan.language.configuration.variableblocks import Variable, declarations
from envdplan.language.evaluation.context import Context
from envdplan.language.evaluation.expressions import (
    ConversionError,
    EvaluationError,
    convert,
    evaluate,
)
from envdplan.language.evaluation.problems import suggestion
from envdplan.language.syntax import parse_expression
from envdplan.language.syntax.document import Document
from envdplan.language.types.marks import mark
from envdplan.language.types.types import ANY, BOOL, NUMBER, STRING

PREFIX: Final = "ENVDPLAN_VAR_"
_SIMPLE: Final = (STRING, NUMBER, BOOL, ANY)


@dataclass(frozen=True, slots=True)
class Given:
    """Values from outside of the configuration."""

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: tuple[Document, ...] = ()
    """Variable files, the weakest first."""
    flags: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """--var NAME=VALUE in the order given."""
    planned: Mapping[str, Value] | None = None
    """The values of a saved plan: they hold for all variables that are not sensitive."""

    @property
    def names(self) -> frozenset[str]:
        """The variables that files and flags speak of."""
        files = (name for one in self.files for name in one.body.attributes)
        return frozenset((*files, *(name for name, _ in self.flags)))


def variables(
    declared: Mapping[str, Declared], given: Given, base: Context
) -> tuple[Mapping[str, Value], Mapping[str, Variable], Diagnostics]:
    """The value of every variable, sensitive ones marked, and what was wrong.

    A variable that has no good value is UNKNOWN, so that one mistake makes one complaint.
    """
    diagnostics = Diagnostics()
    known = declarations(declared, base, diagnostics)
    supplied = _supplied(known, given, base, diagnostics)
    values = {
        name: _value(one, supplied.get(name), given, diagnostics) for name, one in known.items()
    }
    check_values(known, values, base, diagnostics)
    return values, known, diagnostics


def bound(variable: Variable, value: Value, place: SourceRange, diagnostics: Diagnostics) -> Value:
    """What a module's variable is when its caller gives `value`, which may be unknown yet."""
    supplied = _Supplied(value, "given where the module is called", place)
    found = _value(variable, supplied, Given(), diagnostics)
    return mark(found) if variable.sensitive else found


@dataclass(frozen=True, slots=True)
class _Supplied:
    value: Value
    origin: str
    range: SourceRange | None = None


def _supplied(
    known: Mapping[str, Variable], given: Given, base: Context, diagnostics: Diagnostics
) -> Mapping[str, _Supplied]:
    found: dict[str, _Supplied] = {}
    for name, variable in known.items():
        if (text := given.environment.get(PREFIX + name)) is not None:
            _take(found, variable, text, f"environment variable {PREFIX}{name}", base, diagnostics)
    found.update(_from_files(known, given.files, base, diagnostics))
    for name, text in given.flags:
        if name in known:
            _take(found, known[name], text, f"--var {name}", base, diagnostics)
        else:
            diagnostics.error(
                "Unknown variable",
                f'--var {name}: the configuration has no variable "{name}".'
                f"{suggestion(name, known)}",
            )
    return found


def _take(
    found: dict[str, _Supplied],
    variable: Variable,
    text: str,
    origin: str,
    base: Context,
    diagnostics: Diagnostics,
) -> None:
    """Text is itself for simple types; lists, maps and objects are written as in JSON or HCL."""
    if variable.type in _SIMPLE:
        found[variable.name] = _Supplied(text, origin)
        return
    file = SourceFile(f"<{origin}>", "" if variable.sensitive else text, base.directory)
    expression, problems = parse_expression(text, file)
    try:
        value = UNKNOWN if expression is None else evaluate(expression, base)
    except EvaluationError as error:
        problems.extend([error.diagnostic])
        value = UNKNOWN
    if problems.has_errors:
        reason = "" if variable.sensitive else f" ({next(iter(problems)).detail})"
        diagnostics.error(
            "Value does not fit the type",
            f'The value of variable "{variable.name}" ({origin}) cannot be read as '
            f"{variable.type}{reason}. Write it as JSON.",
        )
    found[variable.name] = _Supplied(value, origin)


def _from_files(
    known: Mapping[str, Variable],
    documents: Iterable[Document],
    base: Context,
    diagnostics: Diagnostics,
) -> Iterator[tuple[str, _Supplied]]:
    for document in documents:
        for block in document.body.blocks:
            diagnostics.error(
                "Unexpected block",
                "A file of variable values holds NAME = VALUE lines only.",
                block.range,
            )
        for name, attribute in document.body.attributes.items():
            if name not in known:
                diagnostics.error(
                    "Unknown variable",
                    f'The configuration has no variable "{name}".{suggestion(name, known)}',
                    attribute.name_range,
                )
                continue
            try:
                value = evaluate(attribute.expression, base)
            except EvaluationError as error:
                diagnostics.extend([error.diagnostic])
                value = UNKNOWN
            yield name, _Supplied(value, document.file.name, attribute.expression.range)


def _value(
    variable: Variable, supplied: _Supplied | None, given: Given, diagnostics: Diagnostics
) -> Value:
    if given.planned is not None and not variable.sensitive:
        if variable.name in given.planned:
            return given.planned[variable.name]
        supplied = None
    if supplied is None:
        return _marked(variable, _without_supply(variable, diagnostics))
    try:
        value = convert(supplied.value, variable.type)
    except ConversionError as error:
        message = error.unseen().message if variable.sensitive else error.message
        diagnostics.error(
            "Value does not fit the type",
            f'The value of variable "{variable.name}" ({supplied.origin}) is not a valid '
            f"{variable.type}: {message}.",
            supplied.range or variable.range,
        )
        return UNKNOWN
    if value is None:
        return _null(variable, supplied, diagnostics)
    return _marked(variable, value)


def _without_supply(variable: Variable, diagnostics: Diagnostics) -> Value:
    if not variable.required:
        return variable.default
    diagnostics.error(
        "Variable without a value",
        f'Variable "{variable.name}" has no default, so it needs a value: --var '
        f"{variable.name}=..., a file of values, or the environment variable "
        f"{PREFIX}{variable.name}.",
        variable.range,
    )
    return UNKNOWN


def _null(variable: Variable, supplied: _Supplied, diagnostics: Diagnostics) -> Value:
    if variable.nullable:
        return None
    if not variable.required:
        return _marked(variable, variable.default)
    diagnostics.error(
        "Variable must not be null",
        f'Variable "{variable.name}" is not nullable and has no default.',
        supplied.range or variable.range,
    )
    return UNKNOWN


def _marked(variable: Variable, value: Value) -> Value:
    return Sensitive(reveal(value)) if variable.sensitive and value is not UNKNOWN else value
