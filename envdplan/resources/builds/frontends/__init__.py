"""Ways to say what is in an image: one module each, and one row here."""

from typing import Final

from envdplan.resources.builds.frontends import dockerfile, envd
from envdplan.resources.builds.frontends.base import Frontend

FRONTENDS: Final[tuple[Frontend, ...]] = (dockerfile.FRONTEND, envd.FRONTEND)


def frontend(name: str) -> Frontend | None:
    """The frontend whose resource type is called `name`."""
    return next((one for one in FRONTENDS if one.type.name == name), None)
