"""Attributes of a build that others see as they are, so that they cannot be sensitive."""

from collections.abc import Iterator, Mapping

from envdplan.ground.attributes import Attribute
from envdplan.ground.schema import Problem, ResourceType
from envdplan.ground.values import AttributePath, Attributes, Sensitive, Value


def problems(type: ResourceType, attributes: Attributes) -> Iterator[Problem]:
    """Sensitive values where nothing could keep them hidden (`Attribute.in_clear`)."""
    for name, attribute in type.attributes.items():
        yield from _told(attribute, attributes.get(name), (name,))


def _told(attribute: Attribute, value: Value, at: AttributePath) -> Iterator[Problem]:
    if attribute.in_clear:
        for path in _sensitive(value, at):
            yield path, "Sensitive value would be visible", _detail(str(at[-1]), attribute.in_clear)
    for index, item in enumerate(value if attribute.parts and isinstance(value, tuple) else ()):
        for name, part in attribute.parts.items() if isinstance(item, Mapping) else ():
            yield from _told(part, item.get(name), (*at, index, name))


def _detail(name: str, why: str) -> str:
    return f'"{name}" of a build {why}: use nonsensitive() if this is intended.'


def _sensitive(value: Value, path: AttributePath) -> Iterator[AttributePath]:
    if isinstance(value, Sensitive):
        yield path
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _sensitive(item, (*path, index))
