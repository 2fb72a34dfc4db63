"""Conversions between types."""

from typing import Final

from envdplan.ground.values import UNKNOWN, Value
from envdplan.language.evaluation.context import Function, Passing
from envdplan.language.evaluation.frame import Frame
from envdplan.language.evaluation.problems import ConversionError, failure
from envdplan.language.syntax.document import Call
from envdplan.language.types.conversion import convert
from envdplan.language.types.marks import examine, marked_if
from envdplan.language.types.types import (
    ANY,
    BOOL,
    NUMBER,
    STRING,
    ListType,
    MapType,
    SetType,
    type_of,
)


def _type(value: Value) -> Value:
    """The type of a collection tells how many elements it has, so a secret has a secret type."""
    known, sensitive = examine(value)
    return marked_if(str(type_of(value)) if known else UNKNOWN, sensitive)


def _convert(frame: Frame, call: Call) -> Value:
    from envdplan.language.types.typeexpr import parse_type

    expression, type_expression = call.arguments
    wanted = parse_type(type_expression)
    value = frame.value(expression)
    known, secret = examine(value)
    if not known and str(ANY) in str(wanted):
        return marked_if(UNKNOWN, secret)  # what is unknown has a say in the type of the rest
    try:
        return convert(value, wanted)
    except ConversionError as error:
        detail = f"convert() failed: {(error.unseen() if secret else error).message}."
        raise failure("Function call failed", detail, expression.range, sensitive=secret) from None


def _to_any_list(value: Value) -> Value:
    return convert(value, ListType(ANY))


FUNCTIONS: Final = (
    Function(
        "convert(value: any, type: type) -> any",
        "As a type, written as for a variable: string, list(number), object({ a = string }), ...",
        'convert(["1", 2], list(number))',
        "[1, 2]",
        _convert,
        Passing.LAZY,
    ),
    Function(
        "tobool(value: any) -> bool",
        "As a bool: true, false, or a string that says so.",
        'tobool("true")',
        "true",
        lambda value: convert(value, BOOL),
    ),
    Function(
        "tolist(value: any) -> list",
        "As a list, its elements of one type.",
        'tolist(["a", 1])',
        '["a", "1"]',
        _to_any_list,
    ),
    Function(
        "tomap(value: any) -> map",
        "As a map, its values of one type.",
        "tomap({ a = 1 })",
        "{ a = 1 }",
        lambda value: convert(value, MapType(ANY)),
    ),
    Function(
        "tonumber(value: any) -> number",
        "As a number.",
        'tonumber("1.5")',
        "1.5",
        lambda value: convert(value, NUMBER),
    ),
    Function(
        "toset(value: any) -> set",
        "As a set: sorted, without duplicates, its elements of one type.",
        'tolist(toset(["b", "a", "b"]))',
        '["a", "b"]',
        lambda value: convert(value, SetType(ANY)),
    ),
    Function(
        "tostring(value: any) -> string",
        "As a string.",
        "tostring(1.5)",
        '"1.5"',
        lambda value: convert(value, STRING),
    ),
    Function(
        "type(value: any) -> string",
        "The type of a value, in words.",
        "type([1])",
        '"tuple([number])"',
        _type,
        Passing.RAW,
    ),
)
