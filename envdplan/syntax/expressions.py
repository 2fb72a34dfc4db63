"""Expressions of HCL's native syntax (hcl/hclsyntax/spec.md), by recursive descent.

tree-sitter-hcl would read faster, but it drops the blanks of templates and takes what HCL does
not; see docs/decisions/0002-own-parser.md.
"""

import re
from typing import Final, Never

from envdplan.syntax.cursor import Cursor
from envdplan.syntax.document import (
    Binary,
    Call,
    Conditional,
    Expression,
    For,
    GetAttribute,
    Index,
    ListOf,
    Literal,
    ObjectOf,
    Splat,
    Unary,
    Variable,
)
from envdplan.syntax.numbers import number, number_of
from envdplan.values import Value

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
_LONGEST_CHAIN: Final = 200
_STAR: Final = "*"


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
            f"A conditional is CONDITION ? YES : NO, but here is {cursor.shown()} where the "
            "colon belongs.",
        )
    no = parse(cursor)
    cursor.depth -= 1
    return Conditional(condition, yes, no, cursor.range(start))


def _binary(cursor: Cursor, least: int) -> Expression:
    """Operators of precedence `least` or higher."""
    start = cursor.position
    left = _unary(cursor)
    for _ in range(_LONGEST_CHAIN):
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
        f"More than {_LONGEST_CHAIN} operators follow each other. Name a part in a locals block.",
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
    return _postfix(cursor, _primary(cursor), start)


def _primary(cursor: Cursor) -> Expression:
    start = cursor.position
    if cursor.at_end:
        _missing(cursor)
    char = cursor.text[start]
    if char == '"' or (char == "<" and cursor.at("<<")):
        from envdplan.syntax.template import heredoc, quoted

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
        hint = "${...} stands in strings only; elsewhere write the expression without it."
    cursor.fail(
        "Missing expression", f"A value belongs here, but there is {cursor.shown()}. {hint}"
    )


def _parenthesised(cursor: Cursor) -> Expression:
    start = cursor.position
    cursor.position += 1
    cursor.lines_open += 1
    inner = parse(cursor)
    _close(cursor, ")", start)
    cursor.lines_open -= 1
    return inner


def _close(cursor: Cursor, sign: str, start: int) -> None:
    cursor.skip()
    if cursor.take(sign):
        return
    opened = cursor.text[start : start + 1]
    detail = f'The "{opened}" at {cursor.place(start, start + 1)} is not closed: here is '
    if cursor.at_end or cursor.at("\n"):
        cursor.fail("Missing bracket", f'{detail}{cursor.shown()}, but no "{sign}".')
    cursor.fail(
        "Unexpected text",
        f'{detail}{cursor.shown()} where "{sign}" or an operator belongs.',
    )


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
    _close(cursor, ")", opening)
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
    _close(cursor, "]", start)
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
            _close(cursor, "}", start)
        begin = cursor.position
        key = _key(cursor)
        _distinct(cursor, key, seen, begin)
        cursor.skip()
        if cursor.at("==") or not (cursor.take("=") or cursor.take(":")):
            cursor.fail(
                "Missing equals sign",
                f"In an object a key is followed by = and its value, but here is {cursor.shown()}.",
            )
        items.append((key, parse(cursor)))
        cursor.skip()
        if not cursor.take(",") and not cursor.at("\n") and not cursor.at("}"):
            if cursor.at_end:
                _close(cursor, "}", start)
            detail = "Elements of an object stand on lines of their own, or have commas between "
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
        cursor.fail("Key twice", detail, start)


def _at_for(cursor: Cursor) -> bool:
    """`for` begins a comprehension, unless it is a key or a variable of that name."""
    return re.compile(r"for\s+[^\W\d]").match(cursor.text, cursor.position, cursor.end) is not None


def _for(cursor: Cursor, start: int, close: str) -> For:
    cursor.position += len("for")
    key_name, value_name = for_names(cursor)
    source = parse(cursor)
    cursor.skip()
    if not cursor.take(":"):
        detail = f"A for is [for NAME in VALUES : RESULT], but here is {cursor.shown()}."
        cursor.fail("Missing colon", detail)
    first = parse(cursor)
    cursor.skip()
    key: Expression | None = None
    if close == "}":
        if not cursor.take("=>"):
            detail = f"A for of an object gives KEY => VALUE, but here is {cursor.shown()}."
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
    _close(cursor, close, start)
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
        detail = f"A for is written `for NAME in VALUES`, but here is {cursor.shown()}."
        cursor.fail("Missing in", detail)
    return (None, first) if second is None else (first, second)


def _postfix(cursor: Cursor, source: Expression, start: int) -> Expression:
    """Attributes, indexes and splats behind a value."""
    found = source
    for _ in range(_LONGEST_CHAIN):
        before = cursor.position
        step = _step(cursor, found, start)
        if step is None:
            cursor.position = before
            return found
        if isinstance(step, Splat):
            return _splat(cursor, step, start)
        found = step
    cursor.fail("Expression too long", "Too many parts follow each other.", start)


def _step(cursor: Cursor, source: Expression, start: int) -> Expression | None:
    """One attribute, index or splat; blanks may stand before it and inside of it."""
    cursor.skip()
    if _takes_splat(cursor):
        return Splat(source, source, True, cursor.range(start))
    if cursor.at("["):
        return _index(cursor, source, start)
    if not cursor.at(".") or cursor.at("..."):
        return None
    cursor.position += 1
    cursor.skip()
    if cursor.take("*"):
        return Splat(source, source, False, cursor.range(start))
    return _attribute(cursor, source, start)


def _takes_splat(cursor: Cursor) -> bool:
    """Go past `[*]` if it stands here."""
    before = cursor.position
    for sign in ("[", "*", "]"):
        if not cursor.take(sign):
            cursor.position = before
            return False
        if sign != "]":
            cursor.skip()
    return True


def _attribute(cursor: Cursor, source: Expression, start: int) -> Expression:
    begin = cursor.position
    name = cursor.name()
    if name is not None:
        return GetAttribute(source, name, cursor.range(start))
    digits = re.compile(r"\d+").match(cursor.text, begin, cursor.end)
    if digits is None:
        detail = f"A dot is followed by the name of an attribute, but here is {cursor.shown()}."
        cursor.fail("Missing attribute name", detail)
    return Index(source, number_of(cursor, digits.group()), cursor.range(start))


def _index(cursor: Cursor, source: Expression, start: int) -> Index:
    opening = cursor.position
    cursor.position += 1
    cursor.lines_open += 1
    key = parse(cursor)
    _close(cursor, "]", opening)
    cursor.lines_open -= 1
    return Index(source, key, cursor.range(start))


def _splat(cursor: Cursor, splat: Splat, start: int) -> Expression:
    """What follows a full splat applies to each element; of `.*` only attributes do."""
    cursor.deeper()
    found = _splatted(cursor, splat, start)
    cursor.depth -= 1
    return found


def _splatted(cursor: Cursor, splat: Splat, start: int) -> Expression:
    each: Expression = Variable(_STAR, splat.range)
    for _ in range(_LONGEST_CHAIN):
        before = cursor.position
        step = _step(cursor, each, before)
        if step is None or (not splat.full and not isinstance(step, GetAttribute)):
            cursor.position = before
            whole = Splat(splat.source, each, splat.full, cursor.range(start))
            return whole if splat.full else _postfix(cursor, whole, start)
        if isinstance(step, Splat):
            each = _splat(cursor, step, before)
            return Splat(splat.source, each, splat.full, cursor.range(start))
        each = step
    cursor.fail("Expression too long", "Too many parts follow each other.", start)
