"""Dots, brackets and splats: parts of values, namespaces and resources."""

from collections.abc import Mapping
from typing import Never

from envdplan.ground.values import UNKNOWN, Reference, Sensitive, SetValue, Unknown, Value
from envdplan.language.evaluation.context import Namespace
from envdplan.language.evaluation.frame import Frame
from envdplan.language.evaluation.problems import (
    ConversionError,
    EvaluationError,
    NameUnknown,
    Unfit,
    failure,
    suggestion,
)
from envdplan.language.evaluation.references import Path, static_path
from envdplan.language.syntax.document import Expression, GetAttribute, Index, Splat, Variable
from envdplan.language.types.conversion import to_number, to_string
from envdplan.language.types.marks import examine, lift, lift_all, mark, marked_if
from envdplan.language.types.types import type_name

_SHOWN = 10
_ROOTS = ("var", "local", "build", "context", "builder")
_NOT_EVERYWHERE = {
    ("each",): "`each` is for blocks with for_each.",
    ("self",): "`self` is for builders, contexts and builds.",
    ("count",): "There is for_each, with each.key and each.value.",
    ("path",): "Relative paths start at the file that states them.",
    ("variable",): 'Did you mean "var"?',
}
_MISSING = object()


def variable(expression: Variable, frame: Frame) -> Value:
    """A for-variable, else a root name of the scope."""
    value = frame.names.get(expression.name, _MISSING)
    if value is not _MISSING:
        return value
    try:
        return frame.context.scope.lookup(expression.name)
    except NameUnknown as error:
        candidates = (*error.candidates, *frame.names)
        raise _unknown_name(expression, error, candidates, frame) from None


def get_attribute(expression: GetAttribute, frame: Frame) -> Value:
    """`source.name`."""
    source = frame.operand(expression.source)
    if type(source) is dict and expression.name in source:
        return source[expression.name]
    return _located(expression, source, expression.name, frame)


def index(expression: Index, frame: Frame) -> Value:
    """`source[key]`; with a string it is the same as `source.key`."""
    source = frame.operand(expression.source)
    key, known, sensitive = lift_all(frame.value(expression.key))
    if not known:
        return marked_if(UNKNOWN, sensitive or examine(source)[1])
    if sensitive:
        source = source if isinstance(source, Namespace) else mark(source)
        return mark(_located(expression, source, key, frame, secret_key=True))
    return _located(expression, source, key, frame)


def _located(
    expression: GetAttribute | Index,
    source: Value,
    key: Value,
    frame: Frame,
    *,
    secret_key: bool = False,
) -> Value:
    sensitive = secret_key or isinstance(source, Sensitive)
    try:
        return part(source, key, frame)
    except NameUnknown as error:
        if isinstance(source, Reference) and isinstance(expression, Index) and not secret_key:
            detail = f"{source} has no for_each, so it takes no key in brackets."
            raise failure("Invalid index", detail, expression.range) from None
        if secret_key:
            detail = "There is no element with this sensitive key."
            raise failure("Unknown name", detail, expression.range, sensitive=True) from None
        raise _unknown_name(expression, error, error.candidates, frame) from None
    except Unfit as error:
        detail = "There is no element with this sensitive key." if secret_key else error.detail
        raise failure(error.summary, detail, expression.range, sensitive=sensitive) from None


def _unknown_name(
    expression: Expression, error: NameUnknown, candidates: tuple[str, ...], frame: Frame
) -> EvaluationError:
    path = static_path(expression)
    name = ".".join(path) if path else error.name
    before = f"{'.'.join(path[:-1])}." if path and path[1:] else ""
    hint = _elsewhere(path or (), frame) or suggestion(error.name, candidates, before)
    if not hint and before == "self.":
        hint = " `self` has the attributes that the block itself sets."
    elif not hint and candidates:
        hint = f" Known here: {listed(candidates)}."
    return failure(
        "Unknown name", f'There is nothing called "{name}" here.{hint}', expression.range
    )


def _elsewhere(path: Path, frame: Frame) -> str:
    """A name that is known, but under another root; and roots that are not for every block."""
    if path[:1] in _NOT_EVERYWHERE and len(path) == 1:
        return f" {_NOT_EVERYWHERE[path[:1]]}"
    for root in _ROOTS if len(path) in (1, 2) else ():
        try:
            members = frame.context.scope.lookup(root)
        except NameUnknown:
            continue
        if isinstance(members, Namespace) and path[-1] in members.names():
            return f' Did you mean "{root}.{path[-1]}"?'
    return ""


def part(source: Value, key: Value, frame: Frame) -> Value:
    """What `source` has under `key` (known, without marks). Raises Unfit or NameUnknown."""
    if isinstance(source, Mapping):
        return _of_mapping(source, key)
    if isinstance(source, Unknown):
        return UNKNOWN
    if isinstance(source, Sensitive):
        return mark(_of_sensitive(source, key, frame))
    if isinstance(source, tuple | list):
        return _of_list(source, key)
    if isinstance(source, Reference):
        return _of_resource(source, _name(key), frame)
    if isinstance(source, Namespace):
        return source.attribute(_name(key))
    return _without_parts(source, key)


def _of_sensitive(source: Sensitive, key: Value, frame: Frame) -> Value:
    try:
        return part(source.value, key, frame)
    except (Unfit, NameUnknown):
        what = f'"{key}"' if isinstance(key, str) else "this index"
        raise Unfit("Unsupported attribute", f"This sensitive value has no {what}.") from None


def _of_mapping(source: Mapping[str, Value], key: Value) -> Value:
    name = _name(key)
    if name in source:
        return source[name]
    if source and all(isinstance(one, Reference) for one in source.values()):
        raise _without_key(source, name)
    hint = suggestion(name, source) or (f" It has: {listed(source)}." if source else "")
    raise Unfit("Unsupported attribute", f'This object has no attribute "{name}".{hint}')


def _without_key(source: Mapping[str, Value], name: str) -> Unfit:
    """All resources of a block with for_each, where one of them is meant."""
    block = next(iter(source.values())).address
    near = suggestion(name, source) or f" Its keys are: {listed(source)}."
    detail = f'{block.kind}.{block.name} has for_each, and "{name}" is not one of its keys.{near}'
    return Unfit("Unsupported attribute", f"{detail} One of them is written {block}.")


def listed(names: Mapping[str, Value] | tuple[str, ...]) -> str:
    """The first few names, in order."""
    ordered = sorted(names)
    more = ", ..." if len(ordered) > _SHOWN else ""
    return ", ".join(ordered[:_SHOWN]) + more


def _of_resource(source: Reference, name: str, frame: Frame) -> Value:
    attributes = frame.context.resource(source)
    if name in attributes:
        return attributes[name]
    raise NameUnknown(name, attributes)


def _name(key: Value) -> str:
    try:
        if key is not None:
            return to_string(key)
    except ConversionError:
        pass
    raise Unfit("Invalid index", f"A name is a string, but this key is a {type_name(key)}.")


def _of_list(source: Value, key: Value) -> Value:
    if isinstance(source, SetValue):
        raise Unfit(
            "Invalid index",
            "The elements of a set have no numbers. Convert it with tolist() or sort() first.",
        )
    position = _position(key)
    if position < 0:
        raise Unfit(
            "Invalid index",
            "An index counts from 0 and cannot be negative. "
            "The last element of a list is list[length(list) - 1].",
        )
    if position >= len(source):
        raise Unfit("Invalid index", _too_far(len(source)))
    return source[position]


def _too_far(length: int) -> str:
    if length == 0:
        return "The list is empty, so it has no elements."
    noun = "element" if length == 1 else "elements"
    return f"The list has {length} {noun}, so the last index is {length - 1}."


def _position(key: Value) -> int:
    try:
        number = to_number(key)
    except ConversionError:
        if isinstance(key, str):
            raise Unfit(
                "Unsupported attribute",
                f'A list has no attribute "{key}". Take one element with [0], '
                f"or the attribute of every element with [*].{key}.",
            ) from None
        raise Unfit(
            "Invalid index", f"The index of a list is a number, not a {type_name(key)}."
        ) from None
    if isinstance(number, int):
        return number
    raise Unfit("Invalid index", "The index of a list is a whole number.")


def _without_parts(source: Value, key: Value) -> Never:
    if source is None:
        raise Unfit(
            "Attribute of null",
            "This value is null, so it has no attributes or elements. Use try() or a condition "
            "where it may be null.",
        )
    kind = "attributes" if isinstance(key, str) else "elements"
    raise Unfit("Unsupported attribute", f"A {type_name(source)} has no {kind}.")


def splat(expression: Splat, frame: Frame) -> Value:
    """`source[*].each`: over the elements of a list, over a single value, or over nothing."""
    source, sensitive = lift(frame.value(expression.source))
    if isinstance(source, Unknown):
        element = frame.child(**{"*": UNKNOWN}).attempt(expression.each)
        return marked_if(UNKNOWN, sensitive or examine(element)[1])
    if source is None:
        return marked_if((), sensitive)
    items = source if isinstance(source, tuple) else (source,)
    results = []
    for number, item in enumerate(items):
        element = frame.child(**{"*": marked_if(item, sensitive)})
        element.position = (*frame.position, number)
        results.append(element.behind(expression.each, secret=sensitive))
    return marked_if(tuple(results), sensitive)
