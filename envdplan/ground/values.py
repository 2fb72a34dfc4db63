"""Values of the language, and the two marks they can carry: unknown and sensitive.

| language          | Python                                        |
|-------------------|-----------------------------------------------|
| null              | None                                          |
| bool              | bool                                          |
| number            | int where integral, else decimal.Decimal      |
| string            | str                                           |
| list, tuple, set  | tuple; a set is a SetValue (sorted, distinct) |
| map, object       | dict, keys sorted (treated as immutable)      |
| known after apply | UNKNOWN (anywhere inside a value)             |
| sensitive         | Sensitive(value) (anywhere inside a value)    |
| a whole resource  | Reference (`builder.gpu` without attribute)   |
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

from envdplan.ground import logs
from envdplan.ground.addresses import Address

Value: TypeAlias = Any
"""Any value of the table above. The one place where the package says Any for a value."""

Attributes: TypeAlias = Mapping[str, Value]
AttributePath: TypeAlias = tuple[str | int, ...]


@final
class Unknown:
    """A value that exists only after apply. There is one: UNKNOWN."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false")

    def __reduce__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A value that no view, plan, state, log or error may show."""

    value: Value

    def __post_init__(self) -> None:
        if logs.is_on():
            logs.hide(part for _, part in walk(self.value) if isinstance(part, str))

    def __repr__(self) -> str:
        return "Sensitive(...)"

    def __str__(self) -> str:
        return "(sensitive value)"


@dataclass(frozen=True, slots=True)
class Reference:
    """A whole resource as a value: `context = context.demo`."""

    address: Address

    def __str__(self) -> str:
        return str(self.address)


class SetValue(tuple[Value, ...]):
    """A set: distinct elements in a stable order. Compares equal to another set only."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SetValue) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return tuple.__hash__(self)


def walk(value: Value, path: AttributePath = ()) -> Iterator[tuple[AttributePath, Value]]:
    """Every part of `value` with its path, outside in; marks are parts too."""
    yield path, value
    if isinstance(value, Sensitive):
        yield from walk(value.value, path)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from walk(item, (*path, index))


def is_known(value: Value) -> bool:
    """Whether no part of `value` is unknown."""
    return not any(isinstance(part, Unknown) for _, part in walk(value))


def is_sensitive(value: Value) -> bool:
    """Whether any part of `value` is sensitive."""
    return any(isinstance(part, Sensitive) for _, part in walk(value))


def replace_parts(value: Value, change: Callable[[Value], Value]) -> Value:
    """`value` with `change` applied to each part, inside out."""
    if isinstance(value, Sensitive):
        return change(Sensitive(replace_parts(value.value, change)))
    if isinstance(value, Mapping):
        return change({key: replace_parts(item, change) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return change(type(value)(replace_parts(item, change) for item in value))
    return change(value)


def reveal(value: Value) -> Value:
    """`value` without sensitive marks: only for the moment of use, never for showing."""
    return replace_parts(value, lambda part: part.value if isinstance(part, Sensitive) else part)


def redact(value: Value) -> Value:
    """`value` with each sensitive part replaced by its sign; what may be shown and stored."""
    return replace_parts(value, lambda part: str(part) if isinstance(part, Sensitive) else part)


def redact_sensitive(attributes: Attributes) -> Attributes:
    """`attributes` with what is sensitive emptied but still marked: what may be stored."""
    if not is_sensitive(attributes):
        return attributes
    emptied = replace_parts(
        attributes, lambda part: Sensitive(None) if isinstance(part, Sensitive) else part
    )
    return {str(name): value for name, value in emptied.items()}
