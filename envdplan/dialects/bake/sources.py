"""The files of a request, read and sorted by what their blocks declare."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from envdplan.dialects.bake import jsonfile
from envdplan.dialects.bake.literals import Places, block
from envdplan.dialects.bake.request import Request
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import Position, SourceFile, SourceRange
from envdplan.ground.values import AttributePath
from envdplan.language.evaluation.problems import suggestion
from envdplan.language.syntax import hcl
from envdplan.language.syntax.document import Attribute, Block, Body, Document

_TYPES: Final = ("variable", "function", "group", "target")


@dataclass(slots=True)
class Sources:
    """What all files declare together, in the order of the files."""

    values: dict[str, Attribute] = field(default_factory=dict)
    """Attributes outside of blocks; the last of a name counts."""
    variables: dict[str, Block] = field(default_factory=dict)
    functions: dict[str, Block] = field(default_factory=dict)
    groups: dict[str, Block] = field(default_factory=dict)
    """The last block of a name replaces those before it, as in bake."""
    targets: list[Block] = field(default_factory=list)
    """A name may repeat: its blocks are merged."""


def gather(request: Request, diagnostics: Diagnostics) -> Sources:
    """Read all files of `request`; mistakes of their syntax are told."""
    sources = Sources()
    _sort(sources, _from_compose(request), diagnostics)
    for file in request.files:
        document, found = decode(replace(file, directory=request.directory))
        diagnostics.extend(found)
        _sort(sources, document.body, diagnostics)
    return sources


def decode(file: SourceFile) -> tuple[Document, Diagnostics]:
    """HCL, or JSON: its first character tells them apart, whatever the file is called."""
    start = file.text.lstrip("\ufeff \t\r\n")[:1]
    return jsonfile.decode(file) if start in ("{", "[") else hcl.decode(file)


def _from_compose(request: Request) -> Body:
    """The blocks that Compose files stand for."""
    body: Mapping[str, Mapping[str, Mapping[str, object]]] = request.compose or {}
    return Body({}, tuple(_compose_blocks(body, request)))


def _compose_blocks(
    body: Mapping[str, Mapping[str, Mapping[str, object]]], request: Request
) -> Iterator[Block]:
    for name, attributes in body.get("target", {}).items():
        yield block("target", name, attributes, _compose_places(request, name))
    for name, attributes in body.get("group", {}).items():
        yield block("group", name, attributes, _compose_places(request, ""))


def _compose_places(request: Request, name: str) -> Places:
    """Where the parts of a target stand: what has no place of its own stands where its whole is."""
    file = request.compose_file or SourceFile("compose.yaml", "", request.directory)
    start = SourceRange(file, Position(1, 1), Position(1, 1))

    def place(path: AttributePath) -> SourceRange:
        for length in range(len(path), -1, -1):
            found = request.compose_places.get((name, path[:length]))
            if found is not None:
                return found
        return start

    return place


def _sort(sources: Sources, body: Body, diagnostics: Diagnostics) -> None:
    sources.values.update(body.attributes)
    for one in body.blocks:
        if one.type not in _TYPES:
            hint = suggestion(one.type, _TYPES) or f" Blocks are: {', '.join(_TYPES)}."
            detail = f'A bake file has no blocks of type "{one.type}".{hint}'
            diagnostics.error("Unknown block type", detail, one.range)
        elif len(one.labels) != 1:
            detail = f'A {one.type} block has one label, its name: {one.type} "NAME" {{ ... }}.'
            diagnostics.error("Wrong number of labels", detail, one.range)
        elif one.type == "target":
            sources.targets.append(one)
        else:
            _put(sources, one)


def _put(sources: Sources, one: Block) -> None:
    known = {
        "variable": sources.variables,
        "function": sources.functions,
        "group": sources.groups,
    }[one.type]
    known.pop(one.labels[0], None)
    known[one.labels[0]] = one
