"""Sorts the blocks of all files by what they declare; complains about what nobody knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from envdplan.ground.addresses import Address, Kind, ModulePath
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceRange
from envdplan.language.configuration.config import Declarations, Declared
from envdplan.language.configuration.refusals import meant
from envdplan.language.evaluation.problems import suggestion
from envdplan.language.syntax.document import Attribute, Block, Document

LABELS: Final[Mapping[str, int]] = {
    "envdplan": 0,
    "locals": 0,
    "variable": 1,
    "builder": 1,
    "context": 1,
    "build": 1,
    "output": 1,
    "import": 0,
    "moved": 0,
    "removed": 0,
    "template": 1,
    "function": 1,
    "group": 1,
    "module": 1,
    "data": 2,
    "check": 1,
}
"""Every block at the top of a file, with the number of its labels."""

DATA: Final = ("image",)
"""The types of data."""

_NOT_IN_MODULES: Final = frozenset({"envdplan", "import", "removed", "group"})
"""What is about a whole project."""

_Key = TypeVar("_Key", str, Address)
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_-]*"
_FREE_NAME: Final = r"[A-Za-z0-9_-]+"
"""Builds and groups may have any name that bake allows: `build["3-11"]` refers to such a one."""

_FREELY_NAMED: Final = frozenset(("build", "group"))


@dataclass(slots=True)
class _Sorting:
    diagnostics: Diagnostics
    module: ModulePath
    settings: list[Declared] = field(default_factory=list)
    variables: dict[str, Declared] = field(default_factory=dict)
    locals: dict[str, Attribute] = field(default_factory=dict)
    resources: dict[Address, Declared] = field(default_factory=dict)
    outputs: dict[str, Declared] = field(default_factory=dict)
    nameless: dict[str, list[Declared]] = field(
        default_factory=lambda: {"import": [], "moved": [], "removed": []}
    )
    named: dict[str, dict[str, Declared]] = field(
        default_factory=lambda: {
            name: {} for name in ("template", "function", "group", "module", "data", "check")
        }
    )


def declare(
    documents: Iterable[Document], module: ModulePath = ()
) -> tuple[Declarations, Diagnostics]:
    """All declarations of `documents`; their order never matters."""
    sorting = _Sorting(Diagnostics(), module)
    for document in documents:
        for attribute in document.body.attributes.values():
            _stray_attribute(sorting, attribute)
        for block in document.body.blocks:
            _block(sorting, block)
    made = Declarations(
        tuple(sorting.settings),
        sorting.variables,
        sorting.locals,
        sorting.resources,
        sorting.outputs,
        tuple(sorting.nameless["import"]),
        tuple(sorting.nameless["moved"]),
        tuple(sorting.nameless["removed"]),
        sorting.named["template"],
        sorting.named["function"],
        sorting.named["group"],
        sorting.named["module"],
        sorting.named["data"],
        sorting.named["check"],
        module,
    )
    return made, sorting.diagnostics


def _stray_attribute(sorting: _Sorting, attribute: Attribute) -> None:
    sorting.diagnostics.error(
        "Unexpected attribute",
        f'An attribute such as "{attribute.name}" must be inside a '
        f"block.{suggestion(attribute.name, LABELS)} To name a value, use a locals block.",
        attribute.name_range,
    )


def _block(sorting: _Sorting, block: Block) -> None:
    wanted = LABELS.get(block.type)
    if wanted is None:
        _unknown_block(sorting, block)
    elif sorting.module and block.type in _NOT_IN_MODULES:
        _not_in_module(sorting, block)
    elif len(block.labels) != wanted:
        _wrong_labels(sorting, block, wanted)
    elif wanted == 0 or _good_name(sorting, block):
        _sort(sorting, block)


def _not_in_module(sorting: _Sorting, block: Block) -> None:
    sorting.diagnostics.error(
        "Block not allowed in a module",
        f"A {block.type} block configures a whole project, so a module cannot have one. Put it "
        "into the project that calls the module.",
        block.range,
    )


def _unknown_block(sorting: _Sorting, block: Block) -> None:
    known = ", ".join(LABELS)
    near = meant(block.type, LABELS)
    hint = f' Did you mean "{near}"?' if near else f" Blocks are: {known}."
    sorting.diagnostics.error(
        "Unknown block type",
        f'There are no blocks of type "{block.type}" here.{hint}',
        block.range,
    )


def _wrong_labels(sorting: _Sorting, block: Block, wanted: int) -> None:
    given = len(block.labels)
    if wanted == 0:
        detail = f"A {block.type} block takes no label, but this one has {given}."
    elif given == 0 and wanted == 1:
        detail = f'A {block.type} block needs a name: {block.type} "NAME" {{ ... }}.'
    elif wanted > 1:
        detail = f'A {block.type} block needs a type and a name: data "image" "NAME" {{ ... }}.'
    else:
        detail = f"A {block.type} block takes one label, its name, but this one has {given}."
    sorting.diagnostics.error("Wrong number of labels", detail, block.range)


def _good_name(sorting: _Sorting, block: Block) -> bool:
    import re

    free = block.type in _FREELY_NAMED
    if re.fullmatch(_FREE_NAME if free else _NAME, block.labels[-1]):
        return True
    rule = (
        "are made of letters, digits, underscores and hyphens"
        if free
        else "start with a letter or an underscore and go on with letters, digits, underscores "
        "and hyphens"
    )
    detail = f'"{block.labels[-1]}" cannot be a name: names {rule}.'
    sorting.diagnostics.error("Invalid name", detail, block.range)
    return False


def _sort(sorting: _Sorting, block: Block) -> None:
    if block.type == "locals":
        _locals(sorting, block)
        return
    if block.type == "envdplan":
        _settings(sorting, block)
        return
    if block.type in sorting.nameless:
        sorting.nameless[block.type].append(Declared(block.type, block.body, block.range))
        return
    declared = Declared(".".join(block.labels), block.body, block.range)
    if block.type == "data" and block.labels[0] not in DATA:
        _unknown_data(sorting, block)
    elif block.type == "variable":
        _put(sorting, sorting.variables, declared.name, declared, "variable")
    elif block.type == "output":
        _put(sorting, sorting.outputs, declared.name, declared, "output")
    elif block.type in sorting.named:
        _put(sorting, sorting.named[block.type], declared.name, declared, block.type)
    else:
        address = Address(Kind(block.type), declared.name, None, sorting.module)
        _put(sorting, sorting.resources, address, declared, block.type)


def _unknown_data(sorting: _Sorting, block: Block) -> None:
    hint = suggestion(block.labels[0], DATA) or f" There is: {', '.join(DATA)}."
    detail = f'There is no data of type "{block.labels[0]}".{hint}'
    sorting.diagnostics.error("Unknown data type", detail, block.range)


def _settings(sorting: _Sorting, block: Block) -> None:
    if sorting.settings:
        first = sorting.settings[0].range
        _duplicate(sorting, "envdplan block", "of the project", block.range, first)
    sorting.settings.append(Declared("envdplan", block.body, block.range))


def _locals(sorting: _Sorting, block: Block) -> None:
    for nested in block.body.blocks:
        sorting.diagnostics.error(
            "Unexpected block",
            "A locals block holds attributes only; write NAME = { ... } for an object.",
            nested.range,
        )
    for name, attribute in block.body.attributes.items():
        if name in sorting.locals:
            first = sorting.locals[name].name_range
            _duplicate(sorting, "local", f'"{name}"', attribute.name_range, first)
        sorting.locals.setdefault(name, attribute)


def _put(
    sorting: _Sorting, into: dict[_Key, Declared], key: _Key, declared: Declared, word: str
) -> None:
    if key in into:
        _duplicate(sorting, word, f'"{declared.name}"', declared.range, into[key].range)
    into.setdefault(key, declared)


def _duplicate(
    sorting: _Sorting, word: str, name: str, second: SourceRange, first: SourceRange
) -> None:
    sorting.diagnostics.error(
        "Declared twice",
        f"There is already a {word} {name}, at {first}. Each may be declared once in all files "
        "of a project; rename or remove one of the two.",
        second,
    )
