"""Expressions of HCL's native syntax (hcl/hclsyntax/spec.md), by recursive descent.

tree-sitter-hcl would read faster, but it drops the blanks of templates and takes what HCL does
not; see docs/decisions/0002-own-parser.md.
"""

import re
from typing import Final, Never

from envdplan.ground.values import Value
from envdplan.language.syntax.cursor import Cursor
from envdplan.language.syntax.document import (
    Binary,
    Call,
    Conditional,
    Expression,
    For,
    ListOf,
    Literal,
    ObjectOf,
    Unary,
    Variable,
)
from envdplan.language.syntax.numbers import number
from envdplan.language.syntax.steps import LONGEST_CHAIN, with_steps

_OPERATOR: Final = re.compile(r"\|\||&&|==|!=|<=|>=|[<>+\-*/%]")
_PRECEDENCE: Final = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    ">": 4,
    "<=": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_WORDS: Final[dict[str, Value]] = {"true": True, "false": False, "null": None}


def parse_whole(cursor: Cursor) -> Expression:
    """The expression at the cursor, which no other one surrounds. Raises SyntaxProblem."""
    start = cursor.position
    found = parse(cursor)
    cursor.check_levels(found, start)
    return found


def parse(cursor: Cursor) -> Expression:
    """The expression at the cursor. Raises SyntaxProblem."""
    cursor.deeper()
    cursor.skip()
    start = cursor.position
    condition = _binary(cursor, 1)
    cursor.skip()
    if not cursor.take("?"):
        cursor.depth -= 1
        return condition
    yes = parse(cursor)
    cursor.skip()
    if not cursor.take(":"):
        cursor.fail(
            "Missing colon",
            f"A conditional is CONDITION ? YES : NO. Expected the colon, found {cursor.shown()}.",
        )
    no = parse(cursor)
    cursor.depth -= 1
    return Conditional(condition, yes, no, cursor.range(start))


def _binary(cursor: Cursor, least: int) -> Expression:
    """Operators of precedence `least` or higher."""
    start = cursor.position
    left = _unary(cursor)
    for _ in range(LONGEST_CHAIN):
        cursor.skip()
        found = _OPERATOR.match(cursor.text, cursor.position, cursor.end)
        if found is None or _PRECEDENCE[found.group()] < least:
            return left
        cursor.position = found.end()
        cursor.skip()
        right = _binary(cursor, _PRECEDENCE[found.group()] + 1)
        left = Binary(found.group(), left, right, cursor.range(start))
    cursor.fail(
        "Expression too long",
        f"More than {LONGEST_CHAIN} operators follow each other. Name a part in a locals block.",
        start,
    )


def _unary(cursor: Cursor) -> Expression:
    start = cursor.position
    for sign in ("-", "!"):
        if cursor.at(sign) and not cursor.at("!="):
            cursor.deeper()
            cursor.position += 1
            cursor.skip()
            operand = _unary(cursor)
            cursor.depth -= 1
            return Unary(sign, operand, cursor.range(start))
    return with_steps(cursor, _primary(cursor), start, parse)


def _primary(cursor: Cursor) -> Expression:
    start = cursor.position
    if cursor.at_end:
        _missing(cursor)
    char = cursor.text[start]
    if char == '"' or (char == "<" and cursor.at("<<")):
        from envdplan.language.syntax.template import heredoc, quoted

        return quoted(cursor) if char == '"' else heredoc(cursor)
    if char == "[":
        return _list(cursor)
    if char == "{":
        return _object(cursor)
    if char == "(":
        return _parenthesised(cursor)
    if char.isdigit():
        return number(cursor)
    name = cursor.name()
    if name is None:
        _missing(cursor)
    if _takes_arguments(cursor):
        return _call(cursor, name, start)
    if name in _WORDS:
        return Literal(_WORDS[name], cursor.range(start))
    return Variable(name, cursor.range(start))


def _takes_arguments(cursor: Cursor) -> bool:
    """Whether the name that was just read is a function's; blanks may stand before its bracket."""
    before = cursor.position
    cursor.skip()
    if cursor.at("("):
        return True
    cursor.position = before
    return False


def _missing(cursor: Cursor) -> Never:
    hint = "Strings are written in double quotes."
    if cursor.at("${"):
        hint = "${...} works in strings only; elsewhere write the expression without it."
    cursor.fail("Missing expression", f"Expected a value, found {cursor.shown()}. {hint}")


def _parenthesised(cursor: Cursor) -> Expression:
    start = cursor.position
    cursor.position += 1
    cursor.lines_open += 1
    inner = parse(cursor)
    cursor.close(")", start)
    cursor.lines_open -= 1
    return inner


def _call(cursor: Cursor, name: str, start: int) -> Call:
    name_range = cursor.place(start, start + len(name))
    opening = cursor.position
    cursor.position += 1
    cursor.lines_open += 1
    arguments: list[Expression] = []
    expand = False
    cursor.skip()
    while not cursor.at(")") and not expand:
        arguments.append(parse(cursor))
        cursor.skip()
        expand = cursor.take("...")
        if expand:
            cursor.skip()
            cursor.take(",")
        elif not cursor.take(","):
            break
        cursor.skip()
    cursor.close(")", opening)
    cursor.lines_open -= 1
    return Call(name, tuple(arguments), expand, cursor.range(start), name_range)


def _list(cursor: Cursor) -> Expression:
    start = cursor.position
    cursor.position += 1
    cursor.lines_open += 1
    cursor.skip()
    if _at_for(cursor):
        found: Expression = _for(cursor, start, "]")
    else:
        found = _items(cursor, start)
    cursor.lines_open -= 1
    return found


def _items(cursor: Cursor, start: int) -> ListOf:
    items: list[Expression] = []
    while not cursor.at("]"):
        items.append(parse(cursor))
        cursor.skip()
        if not cursor.take(","):
            break
        cursor.skip()
    cursor.close("]", start)
    return ListOf(tuple(items), cursor.range(start))


def _object(cursor: Cursor) -> Expression:
    start = cursor.position
    cursor.position += 1
    outer, cursor.lines_open = cursor.lines_open, 0
    cursor.skip_lines()
    if _at_for(cursor):
        cursor.lines_open = 1
        found: Expression = _for(cursor, start, "}")
    else:
        found = _elements(cursor, start)
    cursor.lines_open = outer
    return found


def _elements(cursor: Cursor, start: int) -> ObjectOf:
    """`KEY = VALUE` or `KEY : VALUE`, ended by a comma or the end of the line."""
    items: list[tuple[Expression, Expression]] = []
    seen: dict[str, Expression] = {}
    while not cursor.at("}"):
        if cursor.at_end:
            cursor.close("}", start)
        begin = cursor.position
        key = _key(cursor)
        _distinct(cursor, key, seen, begin)
        cursor.skip()
        if cursor.at("==") or not (cursor.take("=") or cursor.take(":")):
            cursor.fail(
                "Missing equals sign",
                f"Expected = and a value after the key of an object, found {cursor.shown()}.",
            )
        items.append((key, parse(cursor)))
        cursor.skip()
        if not cursor.take(",") and not cursor.at("\n") and not cursor.at("}"):
            if cursor.at_end:
                cursor.close("}", start)
            detail = "Put each element of an object on its own line, or put commas between "
            cursor.fail("Missing comma", f"{detail}them; here is {cursor.shown()}.")
        cursor.skip_lines()
    cursor.position += 1
    return ObjectOf(tuple(items), cursor.range(start))


def _key(cursor: Cursor) -> Expression:
    """A bare name is a string; what is in parentheses is evaluated."""
    start = cursor.position
    name = cursor.name()
    if name is not None:
        after = cursor.position
        cursor.skip()
        if cursor.at("=") or cursor.at(":"):
            cursor.position = after
            return Literal(name, cursor.range(start))
        cursor.position = start
    key = parse(cursor)
    if isinstance(key, Literal) and not isinstance(key.value, str):
        text = cursor.text[start : cursor.position].strip()
        return Literal(text, key.range)
    return key


def _distinct(cursor: Cursor, key: Expression, seen: dict[str, Expression], start: int) -> None:
    if not isinstance(key, Literal):
        return
    first = seen.setdefault(key.value, key)
    if first is not key:
        detail = f'"{key.value}" is in this object already, at {first.range}.'
        cursor.fail("Key set twice", detail, start)


def _at_for(cursor: Cursor) -> bool:
    """`for` begins a comprehension, unless it is a key or a variable of that name."""
    return re.compile(r"for\s+[^\W\d]").match(cursor.text, cursor.position, cursor.end) is not None


def _for(cursor: Cursor, start: int, close: str) -> For:
    cursor.position += len("for")
    key_name, value_name = for_names(cursor)
    source = parse(cursor)
    cursor.skip()
    if not cursor.take(":"):
        detail = f"Expected [for NAME in VALUES : RESULT], found {cursor.shown()}."
        cursor.fail("Missing colon", detail)
    first = parse(cursor)
    cursor.skip()
    key: Expression | None = None
    if close == "}":
        if not cursor.take("=>"):
            detail = f"In braces, for needs KEY => VALUE. Expected =>, found {cursor.shown()}."
            cursor.fail("Missing arrow", detail)
        key, first = first, parse(cursor)
        cursor.skip()
    grouping = close == "}" and cursor.take("...")
    cursor.skip()
    condition = None
    before = cursor.position
    if cursor.name() == "if":
        condition = parse(cursor)
    else:
        cursor.position = before
    cursor.close(close, start)
    return For(key_name, value_name, source, key, first, condition, grouping, cursor.range(start))


def for_names(cursor: Cursor) -> tuple[str | None, str]:
    """`NAME in` or `KEY, NAME in`: the names."""
    cursor.skip()
    first = cursor.name()
    cursor.skip()
    second = None
    if cursor.take(","):
        cursor.skip()
        second = cursor.name()
        cursor.skip()
    before = cursor.position
    if first is None or cursor.name() != "in":
        cursor.position = before
        detail = f"Expected `for NAME in VALUES`, found {cursor.shown()}."
        cursor.fail("Missing in", detail)
    return (None, first) if second is None else (first, second)
