"""A Document of builds and groups, written as a configuration of our own."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Final

from envdplan.bake.hcltext import lines, quoted, reference
from envdplan.syntax.document import (
    Attribute,
    Block,
    Document,
    Expression,
    GetAttribute,
    ListOf,
    Literal,
    ObjectOf,
)

_BLOCKS: Final = ("output", "secret", "ssh", "attest")
"""Attributes whose elements are written as blocks."""

_PATHS: Final = re.compile(r"path|output\.dest|secret\.file|ssh\.paths|contexts\..*")
"""Attributes, and their members, that are read relative to the file they stand in."""

_WIDTH: Final = 96
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def written(document: Document) -> str:
    """The text of `document`; it loads to the same builds and groups.

    Paths below the directory of the document become relative, so that both can move together.
    """
    writer = _Writer(document.file.directory)
    return "\n".join("\n".join(writer.block(one, "")) + "\n" for one in document.body.blocks)


class _Writer:
    def __init__(self, directory: str) -> None:
        self.directory = directory

    def block(self, block: Block, indent: str) -> Iterator[str]:
        """The lines of a block."""
        labels = "".join(f" {quoted(one)}" for one in block.labels)
        yield f"{indent}{block.type}{labels} {{"
        yield from self._attributes(block.body.attributes, f"{indent}  ")
        yield f"{indent}}}"

    def _attributes(self, attributes: Mapping[str, Attribute], indent: str) -> Iterator[str]:
        inner = {name: one for name, one in attributes.items() if not _is_blocks(one)}
        width = max(map(len, inner), default=0)
        for name, one in inner.items():
            yield from self._named(f"{indent}{name:<{width}}", name, one.expression, indent)
        for name, one in attributes.items():
            if name not in inner and isinstance(one.expression, ListOf):
                for item in one.expression.items:
                    yield from self._nested(name, item, indent)

    def _nested(self, name: str, item: Expression, indent: str) -> Iterator[str]:
        yield f"{indent}{name} {{"
        yield from self._members(item, name, f"{indent}  ")
        yield f"{indent}}}"

    def _members(self, item: Expression, within: str, indent: str) -> Iterator[str]:
        pairs = item.items if isinstance(item, ObjectOf) else ()
        names = {_key(key): value for key, value in pairs}
        width = max(map(len, names), default=0)
        for name, value in names.items():
            yield from self._named(f"{indent}{name:<{width}}", f"{within}.{name}", value, indent)

    def _named(self, start: str, name: str, value: Expression, indent: str) -> Iterator[str]:
        """`name = value` on one line if it is short enough."""
        line = f"{start} = {self._value(name, value)}"
        if isinstance(value, Literal) and isinstance(value.value, str) and not _is_path(name):
            yield f"{start} = {lines(value.value)}"
        elif len(line) <= _WIDTH or not isinstance(value, ListOf | ObjectOf):
            yield line
        elif isinstance(value, ObjectOf):
            yield f"{start} = {{"
            yield from self._members(value, name, f"{indent}  ")
            yield f"{indent}}}"
        else:
            yield f"{start} = ["
            yield from (f"{indent}  {self._value(name, one)}," for one in value.items)
            yield f"{indent}]"

    def _value(self, name: str, value: Expression) -> str:
        match value:
            case Literal(value=str(text)):
                return quoted(self._path(text) if _is_path(name) else text)
            case Literal(value=None):
                return "null"
            case Literal(value=bool(flag)):
                return str(flag).lower()
            case Literal(value=number):
                return str(number)
            case ListOf(items=items):
                return f"[{', '.join(self._value(name, one) for one in items)}]"
            case ObjectOf(items=()):
                return "{}"
            case ObjectOf(items=pairs):
                return f"{{ {', '.join(self._pair(name, k, v) for k, v in pairs)} }}"
            case GetAttribute():
                return reference(value)
        raise ValueError(f"not an expression of a read bake file: {value}")

    def _pair(self, within: str, key: Expression, value: Expression) -> str:
        name = _key(key)
        return f"{name} = {self._value(f'{within}.{name}', value)}"

    def _path(self, path: str) -> str:
        """A path as seen from the directory of the document, when it is in there."""
        if path == self.directory:
            return "."
        inside = path.startswith(self.directory.rstrip("/") + "/")
        return f"./{os.path.relpath(path, self.directory)}" if inside else path


def _is_path(name: str) -> bool:
    return _PATHS.fullmatch(name) is not None


def _is_blocks(attribute: Attribute) -> bool:
    return attribute.name in _BLOCKS and isinstance(attribute.expression, ListOf)


def _key(key: Expression) -> str:
    """The name of a member of an object."""
    text = str(key.value) if isinstance(key, Literal) else ""
    return text if _WORD.fullmatch(text) and text != "for" else quoted(text)
