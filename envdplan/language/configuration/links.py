"""Whole resources as values, turned into what the one that refers to them needs.

A context takes its builder's type and address; a build takes what reaches its builder.
"""

from collections.abc import Callable, Mapping
from typing import Final

from envdplan.core.state.outputs import is_pushed
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.schema import ResourceType
from envdplan.ground.source import SourceRange
from envdplan.ground.values import UNKNOWN, Attributes, Reference, Unknown, Value, walk
from envdplan.language.evaluation.problems import failure

Lookup = Callable[[Address], tuple[ResourceType, Attributes]]
"""Type and attributes of a declared resource."""

_EXAMPLES: Final = {Kind.BUILDER: "address", Kind.CONTEXT: "name", Kind.BUILD: "image"}
_WHOLE: Final = "{} is a whole {}; name the attribute that is meant, such as {}.{}."


def link_context(
    attributes: Attributes, lookup: Lookup, range: SourceRange
) -> tuple[Attributes, Attributes | None]:
    """A context's attributes with its builder's type and address, and what reaches that builder.

    Raises EvaluationError.
    """
    builder = attributes.get("builder")
    if not isinstance(builder, Reference):
        return attributes, None
    if builder.address.kind is not Kind.BUILDER:
        detail = f"The builder of a context must be a builder, but {builder} is none."
        raise failure("Wrong kind of resource", detail, range)
    if attributes.get("builder_address") is not None:
        detail = (
            f"{builder} gives builder_address; remove it, or write the builder's type instead "
            "of the reference."
        )
        raise failure("Builder address given twice", detail, range)
    type, target = lookup(builder.address)
    connection = {name: target.get(name) for name in type.names(lambda one: one.connection)}
    if registries := _registries(target.get("config")):
        connection["registries"] = registries
    linked = {
        **attributes,
        "builder": type.name or UNKNOWN,
        "builder_address": target.get("address", UNKNOWN),
    }
    return linked, {"resource": str(builder.address), "type": type.name, **connection}


def _registries(config: Value) -> tuple[str, ...]:
    """The registries and mirrors that a builder is configured for: they may be logged in to."""
    table = config.get("registry") if isinstance(config, Mapping) else None
    found: list[str] = []
    for name, settings in table.items() if isinstance(table, Mapping) else ():
        mirrors = settings.get("mirrors") if isinstance(settings, Mapping) else None
        listed = mirrors if isinstance(mirrors, tuple) else ()
        found += [name, *(one for one in listed if isinstance(one, str))]
    return tuple(dict.fromkeys(found))


def link_named_contexts(
    attributes: Attributes, lookup: Lookup, place: Callable[..., SourceRange]
) -> Attributes:
    """A build's attributes with the images of the builds that are among its named contexts.

    Raises EvaluationError.
    """
    contexts = attributes.get("contexts")
    if not isinstance(contexts, Mapping):
        return attributes
    linked = {
        name: _image_of(value.address, lookup, place("contexts", name))
        if isinstance(value, Reference)
        else value
        for name, value in contexts.items()
    }
    return {**attributes, "contexts": linked}


def _image_of(address: Address, lookup: Lookup, range: SourceRange) -> Value:
    if address.kind is not Kind.BUILD:
        detail = f"A context of a build may be another build, but {address} is none."
        raise failure("Wrong kind of resource", detail, range)
    _, target = lookup(address)
    if not _may_be_pushed(target):
        detail = (
            f"{address} is not pushed, so there is no image for another build to use. Set tags "
            f"and push = true in {address}."
        )
        raise failure("Named context has no pushed image", detail, range)
    image = target.get("image", UNKNOWN)
    return image if isinstance(image, Unknown) else f"docker-image://{image}"


def _may_be_pushed(build: Attributes) -> bool:
    """Whether it will have an image in a registry; perhaps counts as yes."""
    outputs = build.get("output")
    if isinstance(outputs, Unknown):
        return True
    return any(map(is_pushed, outputs or ()))


def link_build(
    attributes: Attributes, contexts: Mapping[Address, Attributes], range: SourceRange
) -> tuple[Attributes, Address | None]:
    """A build's attributes with its context's name and connection, and that context.

    Without a context it is the one with `use = true`; a name that no block declares is looked
    up in the context store later. Raises EvaluationError.
    """
    wanted = attributes.get("context")
    if isinstance(wanted, Unknown):
        return attributes, None
    if isinstance(wanted, Reference):
        if wanted.address.kind is not Kind.CONTEXT:
            detail = f"The context of a build must be a context, but {wanted} is none."
            raise failure("Wrong kind of resource", detail, range)
        address: Address | None = wanted.address
    elif wanted is None:
        address = _first(contexts, "use", True)
    else:
        address = _first(contexts, "name", wanted)
    if address is None or address not in contexts:
        return {**attributes, "connection": None}, None
    return {**attributes, **_through(contexts[address])}, address


def _through(context: Attributes) -> Attributes:
    connection = context.get("connection") or {
        "type": context.get("builder"),
        "address": context.get("builder_address"),
    }
    return {"context": context.get("name"), "connection": connection}


def _first(contexts: Mapping[Address, Attributes], name: str, value: Value) -> Address | None:
    found = (address for address, one in contexts.items() if one.get(name) == value)
    return next(found, None)


def refuse_whole(attributes: Attributes, place: Callable[..., SourceRange]) -> None:
    """Raises EvaluationError when a whole resource stands where a value is needed."""
    for path, part in walk(attributes):
        if isinstance(part, Reference) and path not in (("context",), ("builder",)):
            address = part.address
            example = _EXAMPLES[address.kind]
            detail = _WHOLE.format(address, address.kind.value, address, example)
            raise failure("Whole resource as a value", detail, place(*path))
