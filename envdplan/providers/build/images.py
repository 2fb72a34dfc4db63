"""Names of the images of a build, the one that finds it by its inputs among them."""

from typing import Final

from envdplan.imagenames import full_name, repository_of
from envdplan.values import Attributes, Unknown

LABEL: Final = "dev.envdplan.inputs-digest"
"""Label of every image that envdplan builds: the digest of its inputs."""

_PREFIX: Final = "envdplan-"
_DIGITS: Final = 40


def pushed_tags(attributes: Attributes) -> tuple[str, ...]:
    """The names that are to be in a registry."""
    return _tags(attributes) if any(one.get("push") for one in _outputs(attributes)) else ()


def loaded_tags(attributes: Attributes, *, in_engine: bool) -> tuple[str, ...]:
    """The names that are to be in a Docker Engine; a moby-worker keeps every image there."""
    kept = ("docker", "image") if in_engine else ("docker",)
    wanted = [one for one in _outputs(attributes) if one.get("type") in kept]
    local = [one for one in wanted if not one.get("dest") and not one.get("push")]
    return _tags(attributes) if local else ()


def destinations(attributes: Attributes) -> tuple[str, ...]:
    """The files and directories of this machine that outputs write to."""
    return tuple(one["dest"] for one in _outputs(attributes) if one.get("dest"))


def findable(ref: str, inputs_digest: str) -> str:
    """The name in the repository of `ref` under which an image with these inputs is found."""
    return f"{repository_of(ref)}:{_PREFIX}{inputs_digest[:_DIGITS]}"


def all_names(tags: tuple[str, ...], inputs_digest: str) -> tuple[str, ...]:
    """`tags`, and for each repository the findable name; in full, as builders need them."""
    names = (*tags, *(findable(ref, inputs_digest) for ref in tags))
    return tuple(dict.fromkeys(map(full_name, names)))


def _tags(attributes: Attributes) -> tuple[str, ...]:
    tags = attributes.get("tags")
    return () if tags is None or isinstance(tags, Unknown) else tuple(map(str, tags))


def _outputs(attributes: Attributes) -> tuple[Attributes, ...]:
    outputs = attributes.get("output")
    return outputs if isinstance(outputs, tuple) else ()
