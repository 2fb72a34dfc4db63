"""What a look into a registry can find: only a definite no counts as missing."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Found:
    """The image is there. `size` is that of its manifest, in bytes."""

    digest: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Missing:
    """The registry said that there is no such image."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """No answer to the question: it may be there or not. `reason` is text for the user."""

    reason: str
    summary: str = "Registry gave no clear answer"


Existence: TypeAlias = Found | Missing | Unclear
