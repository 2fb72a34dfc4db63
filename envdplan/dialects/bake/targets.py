"""All targets of the files, attribute by attribute: what each block says, before inheritance."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from envdplan.dialects.bake.decoding import decode, shown
from envdplan.dialects.bake.fields import FIELDS, Contents, join
from envdplan.dialects.bake.matrix import instances
from envdplan.dialects.bake.placed import Content
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceRange
from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Context
from envdplan.language.evaluation.expressions import EvaluationError, evaluate
from envdplan.language.evaluation.problems import NameUnknown, failure, suggestion
from envdplan.language.syntax.document import Block

_OWN: Final = ("matrix", "name")


@dataclass(slots=True, eq=False)
class Instance:
    """One target that a block makes: the block, and what its expressions see."""

    name: str
    block: Block
    context: Context
    known: dict[str, Content | None] = field(default_factory=dict)

    @property
    def range(self) -> SourceRange:
        """The header of the block."""
        return self.block.range


@dataclass(slots=True)
class Targets:
    """The instances of every name, and the names that every label of a block became."""

    instances: dict[str, list[Instance]] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=dict)
    _busy: list[tuple[Instance, str]] = field(default_factory=list)

    def content(self, instance: Instance, name: str) -> Content | None:
        """One attribute of one block, evaluated once. Raises EvaluationError."""
        if name in instance.known:
            return instance.known[name]
        attribute = instance.block.body.attributes.get(name)
        if attribute is None:
            return None
        self._check_cycle(instance, name)
        self._busy.append((instance, name))
        try:
            value = evaluate(attribute.expression, instance.context)
            instance.known[name] = decode(name, value, attribute.expression)
        finally:
            self._busy.pop()
        return instance.known[name]

    def _check_cycle(self, instance: Instance, name: str) -> None:
        if (instance, name) in self._busy:
            path = self._busy[self._busy.index((instance, name)) :]
            names = [f"target.{one.name}.{part}" for one, part in (*path, (instance, name))]
            detail = f"These attributes refer to each other: {' -> '.join(names)}."
            place = instance.block.body.attributes[name].range
            raise failure("Reference cycle", detail, place)

    def own(self, name: str, attribute: str) -> Content | None:
        """One attribute as all blocks of a target say together. Raises EvaluationError."""
        found: Contents = {}
        for instance in self.instances[name]:
            content = self.content(instance, attribute)
            if content is not None:
                found = join(found, {attribute: content})
        return found.get(attribute)


def expand(
    blocks: Iterable[Block], context: Context, targets: Targets, diagnostics: Diagnostics
) -> None:
    """Put the instances of all `blocks` into `targets`; unknown attributes are mistakes.

    bake takes no notice of a misspelled attribute.
    """
    for block in blocks:
        check_names(block, "target", (*_OWN, *FIELDS), diagnostics)
        label = block.labels[0]
        try:
            for name, inner in instances(block, context):
                targets.instances.setdefault(name, []).append(Instance(name, block, inner))
                names = targets.labels.setdefault(label, [])
                names.extend([] if name in names else [name])
        except EvaluationError as error:
            diagnostics.extend([error.diagnostic])


def check_names(block: Block, kind: str, known: tuple[str, ...], diagnostics: Diagnostics) -> None:
    """Tell what `block` has that blocks of its kind have not."""
    for name, attribute in block.body.attributes.items():
        if name not in known:
            hint = suggestion(name, known) or f" It has: {', '.join(sorted(known))}."
            detail = f'A {kind} has no attribute "{name}".{hint}'
            diagnostics.error("Unknown attribute", detail, attribute.name_range)
    for inner in block.body.blocks:
        hint = suggestion(inner.type, known)
        detail = f'A {kind} has no block "{inner.type}", only attributes: NAME = VALUE.{hint}'
        diagnostics.error("Unknown block type", detail, inner.range)


@dataclass(frozen=True, slots=True)
class TargetSpace:
    """The root name `target`."""

    targets: Targets

    def attribute(self, name: str) -> Value:
        """See Namespace."""
        if name in self.targets.instances:
            return _OneTarget(self.targets, name)
        raise NameUnknown(name, self.names())

    def names(self) -> Iterable[str]:
        """See Namespace."""
        return tuple(self.targets.instances)


@dataclass(frozen=True, slots=True)
class _OneTarget:
    """`target.NAME`: each attribute is evaluated when it is asked for."""

    targets: Targets
    name: str

    def attribute(self, name: str) -> Value:
        """See Namespace."""
        if name == "name":
            return self.name
        if name in FIELDS:
            return shown(name, self.targets.own(self.name, name))
        raise NameUnknown(name, tuple(self.names()))

    def names(self) -> Iterator[str]:
        """See Namespace."""
        yield "name"
        yield from FIELDS
