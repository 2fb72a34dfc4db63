"""What is live, as the readers found it. Unreachable is not absent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from envdplan.addresses import Address
from envdplan.values import Attributes


@dataclass(frozen=True, slots=True, order=True)
class Input:
    """One input of a build: `kind` is file, link, dir, arg, label, ...; `digest` of its value."""

    kind: str
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class ImageFound:
    """A tag that exists: what it points to, and the inputs its image says it was built from."""

    digest: str
    inputs_digest: str | None = None


@dataclass(frozen=True, slots=True)
class ImageMissing:
    """The registry (or engine) says definitely: no such image."""


@dataclass(frozen=True, slots=True)
class ImageUnclear:
    """No definite answer: 401, 403, 5xx, timeout. What is recorded is kept."""

    reason: str


ImageFact: TypeAlias = ImageFound | ImageMissing | ImageUnclear


@dataclass(frozen=True, slots=True)
class BuildFacts:
    """What decides whether a build is up to date."""

    files: tuple[Input, ...] | None
    """Content of the source now; None when it could not be read (see `problem`)."""
    source: Attributes = field(default_factory=dict)
    """The attributes that said where the source is; what they refer to may change yet."""
    files_digest: str | None = None
    """The digest of `files`, where it was made already."""
    previous: tuple[Input, ...] | None = None
    """All inputs of the recorded build, when their list is still here."""
    tags: Mapping[str, ImageFact] = field(default_factory=dict)
    """Every declared tag to be pushed, as the registry has it."""
    recorded: ImageFact | None = None
    """The recorded digest, in the repository of the first tag to be pushed."""
    found: Mapping[str, ImageFact] = field(default_factory=dict)
    """Per repository: the image with the very inputs of now, found by its inputs tag."""
    loaded: Mapping[str, ImageFact] = field(default_factory=dict)
    """Every declared tag to be loaded, as the engine has it (digest is the image id)."""
    outputs: Mapping[str, str | None] = field(default_factory=dict)
    """Every local destination: digest of what lies there, None when nothing does."""
    pushable: str | None = None
    """Id of an image with the inputs of now in a moby-worker's engine: a push needs no build."""
    builder: Attributes | None = None
    """What the builder of a context that is not in the configuration can do."""
    builder_problem: str | None = None
    """Why that builder cannot be reached."""
    problem: str | None = None
    """Why the source could not be read: the build will tell, or the plan already refuses."""


@dataclass(frozen=True, slots=True)
class Present:
    """It exists. `attributes` are in the words of its schema, comparable to the desired ones."""

    attributes: Attributes
    ours: bool = False
    """It carries our mark for this very address, so it may be adopted without being recorded."""
    taken: bool = False
    """It is to be called otherwise or to be elsewhere, and there is such a thing already."""
    facts: BuildFacts | None = None
    notes: tuple[str, ...] = ()
    """What the user should know, though it changes nothing."""


@dataclass(frozen=True, slots=True)
class Absent:
    """It definitely does not exist."""

    remains: bool = False
    """Something of it is left (a volume), which a deletion has to remove."""
    notes: tuple[str, ...] = ()
    """As of Present."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nobody can tell: `reason` says why. Never a reason to create or forget anything."""

    reason: str


Observation: TypeAlias = Present | Absent | Unreachable
ObservedState: TypeAlias = Mapping[Address, Observation]
