"""Types of the language, and the types that values have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

from envdplan.ground.values import Reference, Sensitive, SetValue, Unknown, Value


class Primitive(Enum):
    """Types without parts. ANY stands for every type, and for the type of null."""

    STRING = "string"
    NUMBER = "number"
    BOOL = "bool"
    ANY = "any"

    def __str__(self) -> str:
        return self.value


STRING, NUMBER, BOOL, ANY = Primitive


@dataclass(frozen=True, slots=True)
class ListType:
    """`list(element)`."""

    element: "Type"

    def __str__(self) -> str:
        return f"list({self.element})"


@dataclass(frozen=True, slots=True)
class SetType:
    """`set(element)`."""

    element: "Type"

    def __str__(self) -> str:
        return f"set({self.element})"


@dataclass(frozen=True, slots=True)
class MapType:
    """`map(element)`; keys are strings."""

    element: "Type"

    def __str__(self) -> str:
        return f"map({self.element})"


@dataclass(frozen=True, slots=True)
class TupleType:
    """`tuple([a, b])`: so many elements, each of its own type."""

    elements: tuple["Type", ...]

    def __str__(self) -> str:
        return f"tuple([{', '.join(map(str, self.elements))}])"


@dataclass(frozen=True, slots=True)
class AttributeType:
    """The type of one attribute of an object; `default` counts only for an optional one."""

    type: "Type"
    optional: bool = False
    default: Value = None

    def __str__(self) -> str:
        return f"optional({self.type})" if self.optional else str(self.type)


@dataclass(frozen=True, slots=True)
class ObjectType:
    """`object({ name = type })`."""

    attributes: Mapping[str, AttributeType]

    def __str__(self) -> str:
        inner = ", ".join(f"{name} = {kind}" for name, kind in self.attributes.items())
        return f"object({{ {inner} }})" if inner else "object({})"


Type: TypeAlias = Primitive | ListType | SetType | MapType | TupleType | ObjectType

_SIMPLE: Mapping[type, Primitive] = {
    str: STRING,
    bool: BOOL,
    int: NUMBER,
    Decimal: NUMBER,
    type(None): ANY,
    Unknown: ANY,
    Reference: ANY,
}

_WORDS: Mapping[type, str] = {
    str: "string",
    bool: "bool",
    int: "number",
    Decimal: "number",
    type(None): "null",
    Unknown: "unknown value",
    Reference: "resource",
    SetValue: "set",
    tuple: "list",
    list: "list",
}


def type_name(value: Value) -> str:
    """The kind of `value` in one word, for messages: string, number, list, object, null ..."""
    if isinstance(value, Sensitive):
        return type_name(value.value)
    return _WORDS.get(type(value), "object")


def type_of(value: Value) -> Type:
    """The most exact type of `value`; null, unknown values and resources are ANY."""
    simple = _SIMPLE.get(type(value))
    if simple is not None:
        return simple
    if isinstance(value, Sensitive):
        return type_of(value.value)
    if isinstance(value, SetValue):
        return SetType(unify(map(type_of, value)) or ANY)
    if isinstance(value, tuple | list):
        return TupleType(tuple(map(type_of, value)))
    return ObjectType({str(key): AttributeType(type_of(item)) for key, item in value.items()})


def unify(types: Iterable[Type]) -> Type | None:
    """The one type that all `types` convert to, as `?:` and `tolist` need it; None without."""
    wanted = [one for one in types if one is not ANY]
    if not wanted:
        return ANY
    result: Type | None = wanted[0]
    for one in wanted[1:]:
        result = None if result is None else _unify_two(result, one)
    return result


def _unify_two(left: Type, right: Type) -> Type | None:
    if left == right or right is ANY:
        return left
    match left, right:
        case Primitive(), Primitive():
            return right if left is ANY else STRING if STRING in (left, right) else None
        case TupleType(), TupleType():
            return _unify_tuples(left, right)
        case ((ObjectType() | MapType()), (ObjectType() | MapType())):
            return _unify_objects(left, right)
        case ((TupleType() | ListType() | SetType()), (TupleType() | ListType() | SetType())):
            element = unify((*_elements(left), *_elements(right)))
            both = SetType if SetType in (type(left), type(right)) else ListType
            return None if element is None else both(element)
    return right if left is ANY else None


def _unify_tuples(left: TupleType, right: TupleType) -> Type | None:
    if len(left.elements) == len(right.elements):
        pairs = [unify(pair) for pair in zip(left.elements, right.elements, strict=True)]
        known = tuple(one for one in pairs if one is not None)
        return TupleType(known) if len(known) == len(pairs) else None
    element = unify((*left.elements, *right.elements))
    return None if element is None else ListType(element)


def _unify_objects(left: ObjectType | MapType, right: ObjectType | MapType) -> Type | None:
    if (
        isinstance(left, ObjectType)
        and isinstance(right, ObjectType)
        and left.attributes.keys() == right.attributes.keys()
    ):
        return _unify_attributes(left, right)
    element = unify((*_elements(left), *_elements(right)))
    return None if element is None else MapType(element)


def _unify_attributes(left: ObjectType, right: ObjectType) -> Type | None:
    attributes: dict[str, AttributeType] = {}
    for name, one in left.attributes.items():
        both = unify((one.type, right.attributes[name].type))
        if both is None:
            return None
        attributes[name] = AttributeType(both)
    return ObjectType(attributes)


def _elements(type: Type) -> Iterable[Type]:
    match type:
        case ListType(element) | SetType(element) | MapType(element):
            return (element,)
        case TupleType(elements):
            return elements
        case ObjectType(attributes):
            return (one.type for one in attributes.values())
    return ()
