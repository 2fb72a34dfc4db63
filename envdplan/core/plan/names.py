"""The names of a build's image, by where they are to be: each output may have its own."""

from collections.abc import Iterator
from typing import Final

from envdplan.core.state.outputs import is_pushed
from envdplan.ground.imagenames import image_identity
from envdplan.ground.values import Attributes, is_known


def outputs(attributes: Attributes) -> tuple[Attributes, ...]:
    """The outputs, as far as they are known."""
    found = attributes.get("output")
    return found if isinstance(found, tuple) else ()


def output_names(attributes: Attributes, output: Attributes) -> tuple[str, ...]:
    """The names of the image in one output: its own, else the build's tags; none when unknown."""
    own = output.get("names")
    names = attributes.get("tags") if own is None else own
    return tuple(map(str, names)) if isinstance(names, tuple) and is_known(names) else ()


def pushed_names(attributes: Attributes) -> tuple[str, ...]:
    """The names that are to be in a registry."""
    return _names(attributes, filter(is_pushed, outputs(attributes)))


def loaded_names(attributes: Attributes, *, in_engine: bool) -> tuple[str, ...]:
    """The names that are to be in a Docker Engine; a moby-worker keeps every image there."""
    kept = ("docker", "image") if in_engine else ("docker",)
    wanted = (one for one in outputs(attributes) if one.get("type") in kept)
    return _names(attributes, (one for one in wanted if not one.get("dest") and not is_pushed(one)))


def all_names(attributes: Attributes) -> tuple[str, ...]:
    """The tags, and all names of outputs."""
    own = (one for one in outputs(attributes) if one.get("names") is not None)
    tags = output_names(attributes, {})
    return tuple(dict.fromkeys((*tags, *_names(attributes, own))))


_NAMED: Final = frozenset({"image", "docker", "oci", "registry"})
"""The outputs that have a name."""


def idle_tags(attributes: Attributes) -> tuple[str, ...]:
    """The tags that no output has, because each has names of its own; none while any is unknown."""
    found = [one for one in outputs(attributes) if one.get("type") in _NAMED]
    if not are_known(attributes) or not found or any(one.get("names") is None for one in found):
        return ()
    used = {*map(image_identity, _names(attributes, iter(found)))}
    return tuple(one for one in output_names(attributes, {}) if image_identity(one) not in used)


def are_known(attributes: Attributes) -> bool:
    """Whether all names are known before apply."""
    given = (attributes.get("tags"), *(one.get("names") for one in outputs(attributes)))
    return all(map(is_known, given))


def _names(attributes: Attributes, wanted: Iterator[Attributes]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in wanted for name in output_names(attributes, one)))
