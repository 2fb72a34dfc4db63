"""Functions of bake that are none of ours yet; one that the language has by now counts instead."""

import uuid
from typing import Final

from envdplan.config.context import Function, Passing
from envdplan.config.conversion import convert
from envdplan.config.frame import Frame
from envdplan.config.functions import FUNCTIONS
from envdplan.config.operators import binary
from envdplan.config.problems import ConversionError, FunctionError, Unfit, failure
from envdplan.config.typeexpr import parse_type
from envdplan.syntax.document import Call
from envdplan.values import Value


def _regex_replace(text: str, pattern: str, by: str) -> Value:
    return FUNCTIONS["replace"].implementation(text, f"/{pattern}/", by)


def _convert(frame: Frame, call: Call) -> Value:
    value = frame.value(call.arguments[0])
    wanted = parse_type(call.arguments[1])
    try:
        return convert(value, wanted)
    except ConversionError as error:
        detail = f"convert() failed: {error.message}."
        raise failure("Function call failed", detail, call.range) from None


def _uuidv4() -> str:
    return str(uuid.uuid4())


def _operator(name: str, sign: str, example: str, result: str) -> Function:
    """An operator by its name."""

    def apply(left: Value, right: Value) -> Value:
        try:
            return binary(sign, left, right)
        except Unfit as error:
            raise FunctionError(error.detail.rstrip(".")) from None

    kind = "any?" if sign in ("==", "!=") else "number"
    result_kind = "number" if sign in "+-*/%" else "bool"
    text = f"{name}(left: {kind}, right: {kind}) -> {result_kind}"
    return Function(text, f"The same as left {sign} right.", example, result, apply)


MORE: Final = (
    Function(
        "regex_replace(text: string, pattern: string, by: string) -> string",
        "Text with all fits of a regular expression replaced; $1 means its first group.",
        'regex_replace("a-b", "([a-z])-([a-z])", "$2-$1")',
        '"b-a"',
        _regex_replace,
    ),
    Function(
        "convert(value: any, type: any) -> any",
        "A value converted to a type.",
        "convert([1], list(string))",
        '["1"]',
        _convert,
        Passing.LAZY,
    ),
    Function("uuidv4() -> string", "A random UUID.", "", "", _uuidv4, pure=False),
    Function("absolute(number: number) -> number", "Its size.", "absolute(-2)", "2", abs),
    Function("negate(number: number) -> number", "-number.", "negate(2)", "-2", lambda n: -n),
    Function("not(value: bool) -> bool", "!value.", "not(true)", "false", lambda v: not v),
    Function(
        "and(left: bool, right: bool) -> bool",
        "left && right.",
        "and(true, false)",
        "false",
        lambda left, right: left and right,
    ),
    Function(
        "or(left: bool, right: bool) -> bool",
        "left || right.",
        "or(true, false)",
        "true",
        lambda left, right: left or right,
    ),
    _operator("add", "+", "add(1, 2)", "3"),
    _operator("subtract", "-", "subtract(3, 2)", "1"),
    _operator("multiply", "*", "multiply(3, 2)", "6"),
    _operator("divide", "/", "divide(6, 4)", "1.5"),
    _operator("modulo", "%", "modulo(-5, 4)", "-1"),
    _operator("equal", "==", 'equal(1, "1")', "false"),
    _operator("notequal", "!=", 'notequal(1, "1")', "true"),
    _operator("greaterthan", ">", "greaterthan(2, 1)", "true"),
    _operator("greaterthanorequalto", ">=", "greaterthanorequalto(2, 2)", "true"),
    _operator("lessthan", "<", "lessthan(2, 1)", "false"),
    _operator("lessthanorequalto", "<=", "lessthanorequalto(2, 2)", "true"),
)
