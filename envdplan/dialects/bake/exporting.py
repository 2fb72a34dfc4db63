"""What `--set TARGET.push=true` and `--set TARGET.load=true` mean for the outputs of a target."""

from typing import Final

from envdplan.dialects.bake.placed import Items, Placed
from envdplan.ground.source import SourceRange

_IMAGES: Final = ("image", "registry", "oci", "docker")


def with_push(outputs: Items, push: bool, range: SourceRange) -> Items:
    """`outputs` so that images are pushed, or are not; files stay as they are.

    A push is added only where no other output but one into an engine is asked for.
    """
    if not push:
        kept = (one for one in outputs if one.value["type"] != "registry")
        return tuple(_pushed(one, "false") for one in kept)
    if all(one.value["type"] == "docker" for one in outputs):
        return (*outputs, Placed({"type": "image", "push": "true"}, range))
    return tuple(_pushed(one, "true") for one in outputs)


def _pushed(one: Placed, word: str) -> Placed:
    return Placed({**one.value, "push": word}, one.range) if one.value["type"] == "image" else one


def with_load(outputs: Items, load: bool, range: SourceRange) -> Items:
    """`outputs` so that the image is loaded too, unless files are asked for or it is loaded."""
    loaded = any(one.value["type"] == "docker" and not one.value.get("dest") for one in outputs)
    files = any(one.value["type"] not in _IMAGES for one in outputs)
    if not load or loaded or files:
        return outputs
    return (*outputs, Placed({"type": "docker"}, range))
