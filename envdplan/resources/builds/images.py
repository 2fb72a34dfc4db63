"""Names of the images of a build, the one that finds it by its inputs among them."""

from typing import Final

from envdplan.core.plan.names import outputs
from envdplan.ground.imagenames import full_name, repository_of
from envdplan.ground.values import Attributes

LABEL: Final = "dev.envdplan.inputs-digest"
"""Label of every image that envdplan builds: the digest of its inputs."""

_PREFIX: Final = "envdplan-"
_DIGITS: Final = 40


def destinations(attributes: Attributes) -> tuple[str, ...]:
    """The files and directories of this machine that outputs write to."""
    return tuple(one["dest"] for one in outputs(attributes) if one.get("dest"))


def findable(ref: str, inputs_digest: str) -> str:
    """The name in the repository of `ref` under which an image with these inputs is found."""
    return f"{repository_of(ref)}:{_PREFIX}{inputs_digest[:_DIGITS]}"


def with_findable(tags: tuple[str, ...], inputs_digest: str) -> tuple[str, ...]:
    """`tags`, and for each repository the findable name; in full, as builders need them."""
    names = (*tags, *(findable(ref, inputs_digest) for ref in tags))
    return tuple(dict.fromkeys(map(full_name, names)))
