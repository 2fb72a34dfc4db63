"""What every syntax is read into: blocks, attributes and expressions, each with its place.

Nothing behind `envdplan.language.syntax` knows whether a Document came from HCL or from YAML.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from envdplan.ground.source import SourceFile, SourceRange
from envdplan.ground.values import Value


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, bool, null, or a string without templates."""

    value: Value
    range: SourceRange


@dataclass(frozen=True, slots=True)
class Template:
    """A string with parts: literal text, interpolations and directives, joined to one string.

    A template of exactly one interpolation, `"${x}"`, is not a Template: it is x itself.
    """

    parts: tuple["Expression", ...]
    range: SourceRange


@dataclass(frozen=True, slots=True)
class Variable:
    """The root name of a traversal: `var`, `local`, `builder`, `each`, a for-variable."""

    name: str
    range: SourceRange


@dataclass(frozen=True, slots=True)
class GetAttribute:
    """`source.name`; `source.0` is an Index with a number."""

    source: "Expression"
    name: str
    range: SourceRange


@dataclass(frozen=True, slots=True)
class Index:
    """`source[key]`."""

    source: "Expression"
    key: "Expression"
    range: SourceRange


@dataclass(frozen=True, slots=True)
class Splat:
    """`source[*].each...` (full) or `source.*.each...` (attribute-only).

    `each` is the traversal applied to every element, with `Variable("*")` as its root.
    """

    source: "Expression"
    each: "Expression"
    full: bool
    range: SourceRange


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `!x`."""

    operator: str
    operand: "Expression"
    range: SourceRange


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`, precedence already applied."""

    operator: str
    left: "Expression"
    right: "Expression"
    range: SourceRange


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? yes : no`; also `%{if}` in a template."""

    condition: "Expression"
    yes: "Expression"
    no: "Expression"
    range: SourceRange


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments...)`; `expand` when the last argument is followed by `...`."""

    name: str
    arguments: tuple["Expression", ...]
    expand: bool
    range: SourceRange
    name_range: SourceRange


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`."""

    items: tuple["Expression", ...]
    range: SourceRange


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """`{ a = 1, (k) = 2 }`; a bare name as key is a Literal string."""

    items: tuple[tuple["Expression", "Expression"], ...]
    range: SourceRange


@dataclass(frozen=True, slots=True)
class For:
    """`[for k, v in source : value if condition]`, `{for k, v in source : key => value...}`.

    `key` is None for a list; `grouping` is the trailing `...`. `%{for}` in a template is a
    For whose value is a Template, inside a Join.
    """

    key_name: str | None
    value_name: str
    source: "Expression"
    key: "Expression | None"
    value: "Expression"
    condition: "Expression | None"
    grouping: bool
    range: SourceRange


@dataclass(frozen=True, slots=True)
class Join:
    """The strings of a list, joined: what `%{for}` means in a template."""

    items: "Expression"
    range: SourceRange


Expression: TypeAlias = (
    Literal
    | Template
    | Variable
    | GetAttribute
    | Index
    | Splat
    | Unary
    | Binary
    | Conditional
    | Call
    | ListOf
    | ObjectOf
    | For
    | Join
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = expression`."""

    name: str
    expression: Expression
    name_range: SourceRange
    range: SourceRange


@dataclass(frozen=True, slots=True)
class Block:
    """`type "label" ... { body }`. In YAML a block is a mapping under its type."""

    type: str
    labels: tuple[str, ...]
    body: "Body"
    range: SourceRange
    """The header: type and labels."""


@dataclass(frozen=True, slots=True)
class Body:
    """Attributes (names are distinct) and blocks (may repeat), in the order of the file."""

    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    def of_type(self, type: str) -> Iterator[Block]:
        """The blocks of one type."""
        return (block for block in self.blocks if block.type == type)


@dataclass(frozen=True, slots=True)
class Document:
    """One file, decoded."""

    file: SourceFile
    body: Body
