"""What is live, as the readers found it. Unreachable is not absent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.values import Attributes


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something could not be found out: one cause often hinders many resources."""

    summary: str
    """What it is, as the heading of a message: "Docker Engine cannot be reached"."""
    detail: str
    about: str = ""
    """What has the trouble, such as a registry's host, where `detail` differs from case to case."""

    @classmethod
    def of(cls, error: EnvdplanError, about: str = "") -> "Cause":
        """The cause that an error tells of."""
        return cls(f"{error.summary[:1].upper()}{error.summary[1:]}", error.detail, about)

    @property
    def key(self) -> tuple[str, str]:
        """Equal for what has the same cause."""
        return self.summary, self.about or self.detail

    @property
    def text(self) -> str:
        """As one paragraph."""
        return f"{self.summary}. {self.detail}".strip()


NOT_ASKED: Final = Cause("Nothing was looked at", "It was asked for with -refresh=false.")
"""No trouble: the user wanted it so."""


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

    lost: tuple[str, ...] = ()
    """Its index is there, but these of the manifests that the index names are not."""


@dataclass(frozen=True, slots=True)
class ImageUnclear:
    """No definite answer: 401, 403, 5xx, timeout. What is recorded is kept."""

    reason: str
    told: Cause | None = None

    @property
    def cause(self) -> Cause:
        """Why there is none."""
        return self.told or Cause("Registry gave no clear answer", self.reason)


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
    strayed: Mapping[str, tuple["Strayed", ...]] = field(default_factory=dict)
    """Of local destinations that are folders: what in them is not as the build made it."""
    pushable: str | None = None
    """Id of an image with the inputs of now in a moby-worker's engine: a push needs no build."""
    builder: Attributes | None = None
    """What the builder of a context that is not in the configuration can do."""
    builder_type: str | None = None
    """Its type."""
    bases: tuple[str, ...] = ()
    """Images of registries on localhost that the definition names itself."""
    builder_problem: Cause | None = None
    """Why that builder cannot be reached."""
    problem: str | None = None
    """Why the source could not be read: the build will tell, or the plan already refuses."""


@dataclass(frozen=True, slots=True)
class Strayed:
    """A part of a local result that is not as the build made it."""

    name: str
    gone: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Stranger:
    """A live thing that carries no mark of this state; its name alone makes it nobody's."""

    id: str
    """What nothing else is called, as its engine or cluster gave it."""
    lineage: str = ""
    """Of the state whose mark it carries; empty where it carries none."""


@dataclass(frozen=True, slots=True)
class Present:
    """It exists. `attributes` are in the words of its schema, comparable to the desired ones."""

    attributes: Attributes
    ours: bool = False
    """It carries our mark for this very address, so it may be adopted without being recorded."""
    taken: bool = False
    """It is to be called otherwise or to be elsewhere, and there is such a thing already."""
    strangers: tuple[Stranger, ...] = ()
    """What of it carries no mark of this state: changed only where it was taken over."""
    rival: str | None = None
    """Of a context: the one that is the current one instead of it."""
    facts: BuildFacts | None = None
    notes: tuple[Cause, ...] = ()
    """What the user should know, though it changes nothing."""


@dataclass(frozen=True, slots=True)
class Absent:
    """It definitely does not exist."""

    remains: bool = False
    """Something of it is left (a volume), which a deletion has to remove."""
    notes: tuple[Cause, ...] = ()
    """As of Present."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nobody can tell: `reason` says why. Never a reason to create or forget anything."""

    reason: str
    told: Cause | None = None

    @classmethod
    def of(cls, error: EnvdplanError) -> "Unreachable":
        """What nobody can tell because of an error."""
        cause = Cause.of(error)
        return cls(cause.text, cause)

    @property
    def cause(self) -> Cause:
        """Why nobody can tell."""
        return self.told or Cause("Not everything can be looked at", self.reason)


Observation: TypeAlias = Present | Absent | Unreachable
ObservedState: TypeAlias = Mapping[Address, Observation]
