"""Variable blocks: what they declare."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceRange
from envdplan.ground.values import UNKNOWN, Unknown, Value
from envdplan.language.configuration.config import Declared
from envdplan.language.configuration.refusals import refuse_unknown
from envdplan.language.evaluation.context import Context
from envdplan.language.evaluation.expressions import (
    ConversionError,
    EvaluationError,
    Type,
    convert,
    evaluate,
    parse_type,
)
from envdplan.language.syntax.document import Block, Expression
from envdplan.language.types.types import ANY

_ATTRIBUTES: Final = ("type", "default", "description", "sensitive", "nullable")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable block."""

    name: str
    type: Type
    default: Value | None
    required: bool
    description: str
    sensitive: bool
    nullable: bool
    validations: tuple[Block, ...]
    range: SourceRange


def declarations(
    declared: Mapping[str, Declared], base: Context, diagnostics: Diagnostics
) -> Mapping[str, Variable]:
    """The variables that blocks declare."""
    return {name: _declaration(one, base, diagnostics) for name, one in declared.items()}


def _declaration(declared: Declared, base: Context, diagnostics: Diagnostics) -> Variable:
    body = declared.body
    misspelt = refuse_unknown("A variable", body, _ATTRIBUTES, diagnostics, ("validation",))
    constant = _Constants(body.attributes, base, diagnostics)
    type_expression = body.attributes.get("type")
    wanted: Type = ANY
    if type_expression is not None:
        try:
            wanted = parse_type(type_expression.expression)
        except EvaluationError as error:
            diagnostics.extend([error.diagnostic])
    return Variable(
        name=declared.name,
        type=wanted,
        default=_default(declared, wanted, constant, diagnostics),
        required="default" not in {*body.attributes, *misspelt},
        description=constant.text("description"),
        sensitive=constant.flag("sensitive", default=False),
        nullable=constant.flag("nullable", default=True),
        validations=tuple(body.of_type("validation")) or constant.validations(),
        range=declared.range,
    )


def _default(
    declared: Declared, wanted: Type, constant: "_Constants", diagnostics: Diagnostics
) -> Value:
    attribute = declared.body.attributes.get("default")
    if attribute is None:
        return None
    try:
        return convert(constant.value("default"), wanted)
    except ConversionError as error:
        diagnostics.error(
            "Default does not fit the type",
            f'The default of variable "{declared.name}" is not a valid {wanted}: {error.message}.',
            attribute.expression.range,
        )
        return UNKNOWN


@dataclass(frozen=True, slots=True)
class _Constants:
    """Attributes that cannot refer to anything."""

    attributes: Mapping[str, "object"]
    base: Context
    diagnostics: Diagnostics

    def value(self, name: str) -> Value:
        expression = self._expression(name)
        if expression is None:
            return None
        try:
            return evaluate(expression, self.base)
        except EvaluationError as error:
            self.diagnostics.extend([error.diagnostic])
            return UNKNOWN

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.value(name)
        if value is None or isinstance(value, Unknown):
            return default
        if isinstance(value, bool):
            return value
        self._wrong(name, "true or false")
        return default

    def text(self, name: str) -> str:
        value = self.value(name)
        if value is None or isinstance(value, Unknown):
            return ""
        if isinstance(value, str):
            return value
        self._wrong(name, "a string")
        return ""

    def validations(self) -> tuple[Block, ...]:
        """Validations written as values, as YAML does."""
        from envdplan.language.configuration.yamlblocks import as_blocks

        expression = self._expression("validation")
        return () if expression is None else as_blocks("validation", expression, self.diagnostics)

    def _expression(self, name: str) -> Expression | None:
        attribute = self.attributes.get(name)
        return getattr(attribute, "expression", None)

    def _wrong(self, name: str, wanted: str) -> None:
        expression = self._expression(name)
        self.diagnostics.error(
            "Wrong type",
            f'"{name}" must be {wanted}.',
            None if expression is None else expression.range,
        )
