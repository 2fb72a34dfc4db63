"""Short forms of outputs and caches, written out."""

import csv
from collections.abc import Iterator, Mapping

from envdplan.core.state.outputs import is_pushed
from envdplan.ground.diagnostics import suggestion
from envdplan.ground.imagenames import InvalidReference, parse_reference
from envdplan.ground.schema import Problem
from envdplan.ground.values import AttributePath, Attributes, Sensitive, Unknown, Value
from envdplan.resources.builds.frontends.buildschema import CACHE_TYPES


def with_outputs(attributes: Attributes) -> dict[str, Value]:
    """All outputs in one list, push and load too.

    An image without any output stays where it was built, as with `docker buildx build`; what has
    not even a name has none.
    """
    made = dict(attributes)
    if not isinstance(attributes.get("output"), Unknown):
        made["output"] = tuple(_outputs(attributes))
    return made


def with_caches(attributes: Attributes) -> dict[str, Value]:
    """Caches as objects."""
    made = dict(attributes)
    for name in ("import_cache", "export_cache"):
        caches = attributes.get(name)
        if isinstance(caches, Sensitive) and isinstance(caches.value, tuple):
            caches = tuple(Sensitive(one) for one in caches.value)
        if isinstance(caches, tuple):
            made[name] = tuple(_cache(one) for one in caches)
    return made


def cache_problems(attributes: Attributes) -> Iterator[Problem]:
    """What is wrong with caches that were written as text, once they are objects."""
    known = CACHE_TYPES
    for name in ("import_cache", "export_cache"):
        caches = attributes.get(name)
        for index, one in enumerate(caches if isinstance(caches, tuple) else ()):
            type = one.get("type") if isinstance(one, Mapping) else None
            if isinstance(type, str) and type not in known:
                detail = (
                    f'The type of a cache must be one of {", ".join(known)}, but it is "{type}".'
                )
                yield (name, index), "Value not allowed", f"{detail}{suggestion(type, known)}"


def name_problems(attributes: Attributes) -> Iterator[Problem]:
    """Tags, and names of outputs, that look like names of images, and are none."""
    yield from _bad_names(attributes.get("tags"), ("tags",))
    outputs = attributes.get("output")
    for index, one in enumerate(outputs if isinstance(outputs, tuple) else ()):
        if isinstance(one, Mapping):
            yield from _bad_names(one.get("names"), ("output", index, "names"))


def _bad_names(names: Value, path: AttributePath) -> Iterator[Problem]:
    for index, one in enumerate(names if isinstance(names, tuple) else ()):
        try:
            parse_reference(one if isinstance(one, str) else "unknown")
        except InvalidReference as error:
            yield (*path, index), "Invalid image name", str(error)


def _outputs(attributes: Attributes) -> Iterator[Attributes]:
    declared = [_output(one) for one in attributes.get("output") or ()]
    if attributes.get("push") is True:
        declared = _pushed(declared)
    yield from declared
    if attributes.get("push") is True and not any(map(is_pushed, declared)):
        yield {"type": "image", "push": True}
    loaded = any(one["type"] == "docker" and not one.get("dest") for one in declared)
    if attributes.get("load") is True and not loaded:
        yield {"type": "docker"}
    asked = declared or attributes.get("push") or attributes.get("load")
    if not asked and attributes.get("tags"):
        yield {"type": "image"}


def kinds_of_images(attributes: Attributes) -> Iterator[Problem]:
    """Images of one build that go by the same names are one image, with one set of options.

    So are those that are pushed, whatever their names: what a build pushes has one digest.
    """
    outputs = attributes.get("output")
    images = [
        (index, one)
        for index, one in enumerate(outputs if isinstance(outputs, tuple) else ())
        if one.get("type") == "image"
    ]
    unnamed = [(index, one) for index, one in images if one.get("names") is None]
    pushed = [(index, one) for index, one in images if is_pushed(one)]
    for index in sorted({*_otherwise(unnamed), *_otherwise(pushed)}):
        detail = (
            "Two outputs of type image go by the same names, or are both pushed, and have other "
            "options, but a build makes one such image: give both the same options, or make it "
            "two builds."
        )
        yield ("output", index), "Image outputs with different options", detail


def _otherwise(images: list[tuple[int, Attributes]]) -> Iterator[int]:
    """Those with other options than the first."""
    kinds = [(index, _options(one)) for index, one in images]
    yield from (index for index, one in kinds if one != kinds[0][1])


def _options(output: Attributes) -> dict[str, Value]:
    free = ("push", "names")
    return {k: v for k, v in output.items() if k not in free and v is not None}


def _pushed(declared: list[dict[str, Value]]) -> list[dict[str, Value]]:
    """With the images pushed that say nothing of it, as `docker buildx build --push` does it.

    Otherwise a second image would be pushed, without the options of the declared one.
    """
    if any(map(is_pushed, declared)):
        return declared
    free = ("push", "names", "dest")
    return [
        {**one, "push": True}
        if one["type"] == "image" and all(one.get(name) is None for name in free)
        else one
        for one in declared
    ]


def _output(one: Attributes) -> dict[str, Value]:
    if one.get("type") == "registry":
        return {**one, "type": "image", "push": True}
    return dict(one)


def _cache(one: Value) -> Value:
    """`type=registry,ref=X` as an object; a bare reference is a registry cache, as in buildx."""
    if isinstance(one, Sensitive):
        return _sensitive_cache(_cache(one.value))
    if not isinstance(one, str):
        return one
    parts = [part.partition("=") for part in next(csv.reader([one]))]
    if len(parts) == 1 and not parts[0][1]:
        return {"type": "registry", "ref": one}
    return {name.strip().lower(): value for name, _, value in parts}


def _sensitive_cache(made: Value) -> Value:
    """Where it is is hidden; which kind it is decides what is done."""
    if not isinstance(made, Mapping):
        return Sensitive(made)
    return {name: one if name == "type" else Sensitive(one) for name, one in made.items()}
