"""A Document of builds and groups, written as a configuration of our own."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Final

from envdplan.dialects.bake.hcltext import lines, quoted, reference
from envdplan.ground.values import Value
from envdplan.language.syntax.document import (
    Attribute,
    Block,
    Document,
    Expression,
    GetAttribute,
    ListOf,
    Literal,
    ObjectOf,
)
from envdplan.language.syntax.formatting import layout

_BLOCKS: Final = ("output", "secret", "ssh", "attest")
"""Attributes whose elements are written as blocks."""

_PUSHED: Final = ({"type": "registry"}, {"type": "image", "push": True})
"""Outputs that `push = true` is short for."""

_PATHS: Final = re.compile(r"path|output\.dest|secret\.file|ssh\.paths|contexts\..*")
"""Attributes, and their members, that are read relative to the file they stand in."""

_WIDTH: Final = 80
"""Of a line without its indentation and column."""
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def written(document: Document, *, exact: bool = False) -> str:
    """The text of `document`, in canonical layout; it loads to the same builds and groups.

    When `exact`, all attributes are as they are, and `push` is not said instead of an output.
    Paths below the directory of the document become relative, so that both can move together.
    """
    writer = _Writer(document.file.directory, exact=exact)
    blocks = ("\n".join(writer.block(one)) + "\n" for one in document.body.blocks)
    return layout("\n".join([*_head(document), *blocks]))


def _head(document: Document) -> Iterator[str]:
    names = dict.fromkeys(_files(document))
    if names:
        yield f"# Written by `envdplan convert` from {', '.join(names)}.\n"


def _files(document: Document) -> Iterator[str]:
    """Where blocks and attributes come from; --set, which is no file, is among them."""
    for block in document.body.blocks:
        yield block.range.file.name
        for one in block.body.attributes.values():
            yield one.range.file.name


class _Writer:
    """Lines without indentation and columns: these come with the layout."""

    def __init__(self, directory: str, *, exact: bool) -> None:
        self.directory = directory
        self.exact = exact

    def block(self, block: Block) -> Iterator[str]:
        """The lines of a block."""
        labels = "".join(f" {quoted(one)}" for one in block.labels)
        yield f"{block.type}{labels} {{"
        yield from self._attributes(block.body.attributes)
        yield "}"

    def _attributes(self, attributes: Mapping[str, Attribute]) -> Iterator[str]:
        outputs, is_pushed = _without_push(attributes)
        if self.exact and is_pushed:
            outputs, is_pushed = _outputs(attributes), False
        for name, one in attributes.items():
            if not _is_blocks(one):
                yield from self._named(name, name, one.expression)
        if is_pushed:
            yield "push = true"
        for name, one in attributes.items():
            if _is_blocks(one) and isinstance(one.expression, ListOf):
                for item in outputs if name == "output" else one.expression.items:
                    yield from self._nested(name, item)

    def _nested(self, name: str, item: Expression) -> Iterator[str]:
        yield f"{name} {{"
        yield from self._members(item, name)
        yield "}"

    def _members(self, item: Expression, within: str) -> Iterator[str]:
        pairs = item.items if isinstance(item, ObjectOf) else ()
        for key, value in pairs:
            yield from self._named(_key(key), f"{within}.{_key(key)}", value)

    def _named(self, start: str, name: str, value: Expression) -> Iterator[str]:
        """`name = value` on one line if it is short enough."""
        line = f"{start} = {self._value(name, value)}"
        if isinstance(value, Literal) and isinstance(value.value, str) and not _is_path(name):
            yield f"{start} = {lines(value.value)}"
        elif len(line) <= _WIDTH or not isinstance(value, ListOf | ObjectOf):
            yield line
        elif isinstance(value, ObjectOf):
            yield f"{start} = {{"
            yield from self._members(value, name)
            yield "}"
        else:
            yield f"{start} = ["
            yield from (f"{self._value(name, one)}," for one in value.items)
            yield "]"

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


def _without_push(
    attributes: Mapping[str, Attribute],
) -> tuple[tuple[Expression, ...], bool]:
    """The outputs but for a last one that `push = true` says as well, and whether there is one.

    `push` asks for tags; an output does not.
    """
    items = _outputs(attributes)
    pushed = [one for one in items if _pushes(one)]
    is_last = bool(pushed) and pushed == [items[-1]] and _options(items[-1]) in _PUSHED
    return (items[:-1], True) if is_last and "tags" in attributes else (items, False)


def _outputs(attributes: Mapping[str, Attribute]) -> tuple[Expression, ...]:
    output = attributes.get("output")
    return output.expression.items if output and isinstance(output.expression, ListOf) else ()


def _pushes(output: Expression) -> bool:
    options = _options(output)
    return options.get("type") == "registry" or "push" in options


def _options(output: Expression) -> Mapping[str, Value]:
    pairs = output.items if isinstance(output, ObjectOf) else ()
    return {_key(key): one.value if isinstance(one, Literal) else None for key, one in pairs}


def _key(key: Expression) -> str:
    """The name of a member of an object."""
    text = str(key.value) if isinstance(key, Literal) else ""
    return text if _WORD.fullmatch(text) and text != "for" else quoted(text)
