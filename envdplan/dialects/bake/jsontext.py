"""JSON with places: every value knows where it stands, and keys may repeat.

YAML's reader cannot be used: YAML forbids tabs, and knows no pairs of escapes for one character.
"""

import json.decoder
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Never

from envdplan.ground.source import SourceFile, SourceRange
from envdplan.language.syntax.cursor import SyntaxProblem
from envdplan.language.syntax.digits import NumberError, exact, sentence
from envdplan.language.syntax.places import Lines

_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORD: Final = re.compile(r"true|false|null")
_WORDS: Final = {"true": True, "false": False, "null": None}
_DEEPEST: Final = 100


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value: an object has `pairs`, an array `items`, everything else a `value`."""

    range: SourceRange
    value: str | bool | int | Decimal | None = None
    pairs: "tuple[tuple[Node, Node], ...] | None" = None
    items: "tuple[Node, ...] | None" = None
    offset: int = 0
    """Where the text of the value starts in the file."""

    @property
    def is_null(self) -> bool:
        """Whether this is null."""
        return self.value is None and self.pairs is None and self.items is None

    def members(self) -> "Iterator[tuple[str, Node, Node]]":
        """The members of an object: name, key and value. `//` marks a comment."""
        for key, value in self.pairs or ():
            if key.value != "//":
                yield str(key.value), key, value


@dataclass(slots=True)
class JsonReader:
    """Reads the one value of a file. Raises SyntaxProblem."""

    file: SourceFile
    lines: Lines = field(init=False)
    position: int = 0
    _depth: int = 0

    def __post_init__(self) -> None:
        self.lines = Lines(self.file)

    def document(self) -> Node:
        """The value."""
        self.position = 1 if self.file.text.startswith("\ufeff") else 0
        node = self._value()
        self._skip()
        if self.position < len(self.file.text):
            self._fail("A file holds one JSON object. Remove what follows it.")
        return node

    def _value(self) -> Node:
        self._skip()
        start = self.position
        char = self.file.text[start : start + 1]
        if char == '"':
            return self._string()
        return self._nested(char) if char in ("{", "[") else self._plain(start)

    def _plain(self, start: int) -> Node:
        number = _NUMBER.match(self.file.text, start)
        if number is not None:
            self.position = number.end()
            return Node(self._place(start), self._number(number.group(), start))
        word = _WORD.match(self.file.text, start)
        if word is None:
            self._fail("Expected a JSON value.")
        self.position = word.end()
        return Node(self._place(start), _WORDS[word.group()])

    def _number(self, text: str, start: int) -> int | Decimal:
        try:
            return exact(text)
        except NumberError as error:
            summary = "Invalid number"
            raise SyntaxProblem(summary, sentence(error), start, self.position) from None

    def _nested(self, char: str) -> Node:
        start = self.position
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail(f"JSON may be nested {_DEEPEST} levels deep.")
        self.position += 1
        if char == "{":
            pairs = tuple(self._pairs())
            node = Node(self._place(start), pairs=pairs)
        else:
            items = tuple(self._items())
            node = Node(self._place(start), items=items)
        self._depth -= 1
        return node

    def _pairs(self) -> Iterator[tuple[Node, Node]]:
        first = True
        while not self._closed("}", first=first):
            first = False
            if not self.file.text.startswith('"', self.position):
                self._fail("Expected a name in double quotes.")
            key = self._string()
            self._skip()
            if not self._take(":"):
                self._fail("Expected a colon and a value after the name.")
            yield key, self._value()

    def _items(self) -> Iterator[Node]:
        first = True
        while not self._closed("]", first=first):
            first = False
            yield self._value()

    def _closed(self, sign: str, *, first: bool) -> bool:
        """Whether the collection ends here; else what stands before its next element is taken."""
        self._skip()
        if self._take(sign):
            return True
        if not first and not self._take(","):
            self._fail(f'Expected a comma or "{sign}".')
        self._skip()
        return False

    def _string(self) -> Node:
        start = self.position
        try:
            value, self.position = json.decoder.scanstring(self.file.text, start + 1, True)  # type: ignore[attr-defined]  # not in the stubs
        except ValueError as error:
            self._fail(f"This string is not JSON: {str(error).partition(': ')[0]}.")
        return Node(self._place(start), value, offset=start + 1)

    def _place(self, start: int) -> SourceRange:
        return self.lines.place(start, self.position)

    def _take(self, sign: str) -> bool:
        taken = self.file.text.startswith(sign, self.position)
        self.position += len(sign) if taken else 0
        return taken

    def _skip(self) -> None:
        match = _BLANKS.match(self.file.text, self.position)
        self.position = match.end() if match else self.position

    def _fail(self, detail: str) -> Never:
        end = min(self.position + 1, len(self.file.text))
        raise SyntaxProblem("Invalid JSON", detail, self.position, end)
