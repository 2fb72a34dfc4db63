"""Templates: quoted strings, heredocs, and every string of YAML.

Literal text, `${...}` and `%{...}` are read into a flat list first; blanks beside `~` and the
indentation of `<<-` go there; then directives are nested. Outside of quotes each line of literal
text is a piece of its own, as in HCL's scanner: `~` takes blanks of one piece, no further.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from envdplan.ground.diagnostics import suggestion
from envdplan.language.syntax.cursor import (
    DEEPEST,
    TOO_DEEP,
    TOO_DEEP_DETAIL,
    Cursor,
    SyntaxProblem,
)
from envdplan.language.syntax.document import Conditional, Expression, For, Join, Literal, Template
from envdplan.language.syntax.expressions import for_names, parse

UNCLOSED_HEREDOC: Final = "Unclosed heredoc"
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_PLAIN_QUOTED: Final = re.compile(r'[^"\\$%\n]+')
_PLAIN: Final = re.compile(r"[^$%\n]+")
_BEFORE_LINE_END: Final = re.compile(r"[^{\n](?=\n)")
"""Behind a lone `$` or `%` HCL's scanner ends a piece: `${~` of the next line leaves its blank."""
_SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's unicode.IsSpace calls a blank; Python's own list has four control characters more."""
_HEREDOC: Final = re.compile(r"<<(-?)([^\W\d][\w-]*)[ \t]*\r?\n")


@dataclass(slots=True)
class _Text:
    value: str
    start: int
    end: int


@dataclass(slots=True)
class _Value:
    expression: Expression
    start: int
    end: int
    trims: tuple[bool, bool]


@dataclass(slots=True)
class _Directive:
    """`if` with its condition, `for` with its names and source, `else`, `endif`, `endfor`."""

    word: str
    start: int
    end: int
    trims: tuple[bool, bool]
    expression: Expression | None = None
    names: tuple[str | None, str] = (None, "")


_Item = _Text | _Value | _Directive


def quoted(cursor: Cursor) -> Expression:
    """A string in double quotes. Raises SyntaxProblem."""
    start = cursor.position
    simple = re.compile(r'"([^"\\$%\n]*)"').match(cursor.text, start, cursor.end)
    if simple is not None:  # most strings
        cursor.position = simple.end()
        return Literal(simple.group(1), cursor.range(start))
    cursor.position += 1
    items = _trimmed(_items(cursor, quoted=True))
    if not cursor.take('"'):
        cursor.position = min(cursor.position, cursor.end)
        cursor.fail(
            "Unclosed string",
            "A string must be closed with a double quote on the same line. Write \\n for a new "
            "line, or use a heredoc (<<EOT).",
            start,
        )
    return _built(items, cursor, start)


def heredoc(cursor: Cursor) -> Expression:
    """`<<WORD` or `<<-WORD`, lines, WORD. Raises SyntaxProblem."""
    start = cursor.position
    opening = _HEREDOC.match(cursor.text, start, cursor.end)
    if opening is None:
        cursor.position = min(start + 2, cursor.end)
        detail = "A heredoc begins with << or <<-, a word, and the end of the line."
        cursor.fail("Invalid heredoc", detail, start)
    flush, word = opening.groups()
    closing = re.compile(rf"^[ \t]*{re.escape(word)}[ \t]*\r?$", re.MULTILINE)
    found = closing.search(cursor.text, opening.end(), cursor.end)
    if found is None:
        cursor.position = opening.end() - 1
        detail = (
            f'The heredoc that begins here is not closed: no line holds "{word}" and nothing else.'
        )
        cursor.fail(UNCLOSED_HEREDOC, detail, start)
    inner = Cursor(cursor.text, cursor.place, opening.end(), found.start())
    inner.depth = cursor.depth
    items = _trimmed(_items(inner, quoted=False))
    if flush:
        _dedent(items)
    cursor.position = found.end() - (1 if found.group().endswith("\r") else 0)
    return _built(items, cursor, start, unwrap=False)


def whole(cursor: Cursor) -> Expression:
    """All that is left as a template: a string of YAML. Raises SyntaxProblem."""
    start = cursor.position
    items = _trimmed(_items(cursor, quoted=False))
    found = _built(items, cursor, start)
    cursor.check_levels(found, start)
    return found


def _items(cursor: Cursor, *, quoted: bool) -> Iterator[_Item]:
    while not cursor.at_end:
        start = cursor.position
        if cursor.at("${"):
            yield _interpolation(cursor)
        elif cursor.at("%{"):
            yield _directive(cursor)
        elif quoted and (cursor.at('"') or cursor.at("\n")):
            return
        else:
            text = _literal(cursor, quoted=quoted)
            yield _Text(text, start, cursor.position)


def _literal(cursor: Cursor, *, quoted: bool) -> str:
    """Text up to the next interpolation, directive or end; unquoted through the end of the line."""
    pieces: list[str] = []
    plain = _PLAIN_QUOTED if quoted else _PLAIN
    while not cursor.at_end:
        match = plain.match(cursor.text, cursor.position, cursor.end)
        if match is not None:
            pieces.append(match.group())
            cursor.position = match.end()
            continue
        char = cursor.text[cursor.position]
        if cursor.at("$${") or cursor.at("%%{"):
            pieces.append(char + "{")
            cursor.position += 3
        elif cursor.at("${") or cursor.at("%{") or (quoted and char in '"\n'):
            break
        elif quoted and char == "\\":
            pieces.append(_escape(cursor))
        else:
            pieces.append(char)
            cursor.position += 1
            if char == "\n":
                break
            if not quoted and (found := _BEFORE_LINE_END.match(cursor.text, cursor.position)):
                pieces.append(found.group())
                cursor.position = found.end()
                break
    return "".join(pieces)


def _escape(cursor: Cursor) -> str:
    start = cursor.position
    letter = cursor.text[start + 1 : start + 2]
    cursor.position = min(start + 2, cursor.end)
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    digits = {"u": 4, "U": 8}.get(letter, 0)
    code = cursor.text[cursor.position : cursor.position + digits]
    if digits and re.fullmatch(rf"[0-9A-Fa-f]{{{digits}}}", code):
        cursor.position += digits
        number = int(code, 16)
        if number < 0x110000 and not 0xD800 <= number < 0xE000:  # noqa: PLR2004  Unicode's own
            return chr(number)
    cursor.fail(
        "Invalid escape",
        'After a backslash comes one of n, r, t, ", \\, uXXXX or UXXXXXXXX. Write \\\\ for a '
        "backslash.",
        start,
    )


def _interpolation(cursor: Cursor) -> _Value:
    start = cursor.position
    cursor.position += 2
    left = cursor.take("~")
    outer, cursor.lines_open = cursor.lines_open, cursor.lines_open + 1
    expression = parse(cursor)
    right = _end(cursor, start)
    cursor.lines_open = outer
    return _Value(expression, start, cursor.position, (left, right))


def _end(cursor: Cursor, start: int) -> bool:
    cursor.skip()
    right = cursor.take("~")
    if not cursor.take("}"):
        sign = cursor.text[start : start + 2]
        cursor.fail(
            "Unclosed interpolation",
            f'The "{sign}" at {cursor.place(start, start + 2)} is not closed: expected "}}" or '
            f"an operator, found {cursor.shown()}. To write {sign} itself, double its first "
            "character.",
        )
    return right


def _directive(cursor: Cursor) -> _Directive:
    start = cursor.position
    cursor.position += 2
    left = cursor.take("~")
    outer, cursor.lines_open = cursor.lines_open, cursor.lines_open + 1
    cursor.skip()
    word = cursor.name() or ""
    expression: Expression | None = None
    names: tuple[str | None, str] = (None, "")
    if word == "if":
        expression = parse(cursor)
    elif word == "for":
        names = for_names(cursor)
        expression = parse(cursor)
    elif word not in ("else", "endif", "endfor"):
        known = ("if", "else", "endif", "for", "endfor")
        detail = (
            f'"{word}" is not a directive: there are {", ".join(known)}.{suggestion(word, known)}'
        )
        cursor.fail("Unknown directive", detail, start)
    right = _end(cursor, start)
    cursor.lines_open = outer
    return _Directive(word, start, cursor.position, (left, right), expression, names)


def _trimmed(found: Iterator[_Item]) -> list[_Item]:
    """The items without the blanks that a `~` takes: those of the piece beside it only."""
    items = list(found)
    for before, item in pairwise(items):
        if isinstance(before, _Text) and not isinstance(item, _Text) and item.trims[0]:
            before.value = before.value.rstrip(_SPACES)
        elif isinstance(item, _Text) and not isinstance(before, _Text) and before.trims[1]:
            item.value = item.value.lstrip(_SPACES)
    return items


def _dedent(items: list[_Item]) -> None:
    """Take away the indentation that all lines have in common.

    Rules of hclsyntax (flushHeredocTemplateParts): a line of blanks alone does not count and keeps
    them, and what follows a line end that `~` took is no beginning of a line.
    """
    starts = list(_line_starts(items))
    common = min((_indent(item) for item in starts), default=0)
    for item in starts:
        if isinstance(item, _Text):
            item.value = item.value[common:]


def _line_starts(items: list[_Item]) -> Iterator[_Item]:
    at_start = True
    for item in items:
        text = item.value if isinstance(item, _Text) else None
        if at_start and not (text and text.endswith("\n") and not text.strip(_SPACES)):
            yield item
        at_start = text is not None and text.endswith("\n")


def _indent(item: _Item) -> int:
    if not isinstance(item, _Text):
        return 0
    return len(item.value) - len(item.value.lstrip(_SPACES))


def _melded(items: list[_Item]) -> Iterator[_Item]:
    """Lines of literal text that follow each other as one text."""
    for is_text, run in groupby(items, lambda item: isinstance(item, _Text)):
        pieces = list(run)
        if is_text and len(pieces) > 1:
            value = "".join(one.value for one in pieces if isinstance(one, _Text))
            yield _Text(value, pieces[0].start, pieces[-1].end)
        else:
            yield from pieces


def _built(items: list[_Item], cursor: Cursor, start: int, *, unwrap: bool = True) -> Expression:
    items = list(_melded(items))
    if unwrap and len(items) == 1 and isinstance(items[0], _Value):
        return items[0].expression
    place = cursor.range(start)
    parts, rest = _nested(items, 0, (), cursor)
    del rest
    if not parts:
        return Literal("", place)
    if len(parts) == 1 and isinstance(parts[0], Literal):
        return Literal(parts[0].value, place)
    return Template(tuple(parts), place)


def _nested(
    items: list[_Item], index: int, until: tuple[str, ...], cursor: Cursor
) -> tuple[list[Expression], int]:
    """Parts up to one of the directives `until`, and where that one is."""
    _check_depth(items, index, cursor)
    parts: list[Expression] = []
    while index < len(items):
        item = items[index]
        match item:
            case _Text(value=value):
                if value:
                    parts.append(Literal(value, cursor.place(item.start, item.end)))
            case _Value(expression=expression):
                parts.append(expression)
            case _Directive(word=word) if word in until:
                cursor.depth -= 1
                return parts, index
            case _Directive(word="if"):
                part, index = _if(items, index, item, cursor)
                parts.append(part)
            case _Directive(word="for"):
                part, index = _for(items, index, item, cursor)
                parts.append(part)
            case _Directive(word=word):
                detail = f"This {word} has no %{{if}} or %{{for}} before it."
                raise SyntaxProblem("Unexpected directive", detail, item.start, item.end)
        index += 1
    cursor.depth -= 1
    return parts, index


def _check_depth(items: list[_Item], index: int, cursor: Cursor) -> None:
    cursor.depth += 1
    if cursor.depth > DEEPEST:
        opening = items[min(index, len(items)) - 1]
        raise SyntaxProblem(TOO_DEEP, TOO_DEEP_DETAIL, opening.start, opening.end)


def _if(
    items: list[_Item], index: int, opening: _Directive, cursor: Cursor
) -> tuple[Expression, int]:
    yes, at = _nested(items, index + 1, ("else", "endif"), cursor)
    no: list[Expression] = []
    if at < len(items) and getattr(items[at], "word", "") == "else":
        no, at = _nested(items, at + 1, ("endif",), cursor)
    _check_closed(items, at, opening, "endif")
    place = cursor.place(opening.start, items[at].end)
    assert opening.expression is not None  # noqa: S101  an if has one
    made = Conditional(
        opening.expression, Template(tuple(yes), place), Template(tuple(no), place), place
    )
    return made, at


def _for(
    items: list[_Item], index: int, opening: _Directive, cursor: Cursor
) -> tuple[Expression, int]:
    body, at = _nested(items, index + 1, ("endfor",), cursor)
    _check_closed(items, at, opening, "endfor")
    place = cursor.place(opening.start, items[at].end)
    assert opening.expression is not None  # noqa: S101  a for has one
    key, value = opening.names
    each = For(
        key,
        value,
        opening.expression,
        None,
        Template(tuple(body), place),
        None,
        False,
        place,
    )
    return Join(each, place), at


def _check_closed(items: list[_Item], at: int, opening: _Directive, word: str) -> None:
    if at >= len(items):
        detail = f"This %{{{opening.word}}} has no %{{{word}}} that ends it."
        raise SyntaxProblem("Unclosed directive", detail, opening.start, opening.end)
