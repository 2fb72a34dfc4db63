"""A resolution as a Document of ours: one build for each target, one group for each group."""

from collections.abc import Iterator
from dataclasses import replace

from envdplan.dialects.bake import groups as grouping
from envdplan.dialects.bake.attributes import Mapper
from envdplan.dialects.bake.expressions import reference
from envdplan.dialects.bake.groups import Group
from envdplan.dialects.bake.inheritance import Resolved
from envdplan.dialects.bake.literals import attribute
from envdplan.dialects.bake.placed import Placed
from envdplan.dialects.bake.possible import DEFAULT, Possible
from envdplan.dialects.bake.request import Request
from envdplan.dialects.bake.resolution import Resolution
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile
from envdplan.language.syntax.document import Block, Body, Document, Expression, ListOf, Literal


def document(resolution: Resolution, request: Request) -> tuple[Document, Diagnostics]:
    """The builds and groups of `resolution`; every value stands where the bake file has it."""
    diagnostics = Diagnostics()
    possible = Possible(resolution, diagnostics, tolerant=not request.targets)
    made: dict[str, Block] = {}
    for name, one in resolution.targets.items():
        found = Diagnostics()
        made[name] = _build(one, Mapper(request, found), linked=name in resolution.linked)
        possible.judge(name, found)
    left_out = possible.left_out(made)
    blocks = [block for name, block in made.items() if name not in left_out]
    blocks.extend(_group(one, resolution, left_out) for one in _groups(resolution, left_out))
    return Document(_file(request), Body({}, tuple(blocks))), diagnostics


def _groups(resolution: Resolution, left_out: frozenset[str]) -> Iterator[Group]:
    """Those of the file; a target called default is what is built when nobody says what."""
    yield from resolution.groups.values()
    target = resolution.targets.get(DEFAULT)
    if target is not None and DEFAULT not in resolution.groups and DEFAULT not in left_out:
        yield Group(DEFAULT, (Placed(DEFAULT, target.range),), target.range)


def _file(request: Request) -> SourceFile:
    """What stands for all files together; paths start at the directory of the request."""
    if request.files:
        return replace(request.files[0], directory=request.directory)
    return request.compose_file or SourceFile("compose.yaml", "", request.directory)


def _build(target: Resolved, mapper: Mapper, *, linked: bool) -> Block:
    made = mapper.attributes(target, linked=linked)
    attributes = {name: attribute(name, value) for name, value in made}
    return Block("build", (target.name,), Body(attributes), target.range)


def _group(group: Group, resolution: Resolution, left_out: frozenset[str]) -> Block:
    members = (_member(group, one, resolution, left_out) for one in group.members)
    items = tuple(one for one in members if one is not None)
    attributes = {"members": attribute("members", ListOf(items, group.range))}
    if group.description:
        text = Literal(group.description, group.range)
        attributes["description"] = attribute("description", text)
    return Block("group", (group.name,), Body(attributes), group.range)


def _member(
    group: Group, one: Placed, resolution: Resolution, left_out: frozenset[str]
) -> Expression | None:
    """A group; a target where there is none of that name, or where the group would hold itself."""
    groups = resolution.groups
    if one.value in groups and group.name not in grouping.members(one.value, groups)[1]:
        return reference("group", one.value, one.range)
    return None if one.value in left_out else reference("build", one.value, one.range)
