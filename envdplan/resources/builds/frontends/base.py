"""What a frontend is: the attributes of a build, its source, and the request that it makes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from envdplan.clients.buildkit.request import SolveRequest
from envdplan.clients.buildkit.tree.ignore import Place
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import Attributes


@dataclass(frozen=True, slots=True)
class NamedDirectory:
    """A further context of this machine: all of a folder, or one image in an OCI layout."""

    name: str
    directory: str
    """Absolute; of a layout with its DIR[:TAG][@DIGEST]."""
    layout: bool = False
    results: tuple[str, ...] = ()
    """Paths in it where the build itself writes."""


@dataclass(frozen=True, slots=True)
class Source:
    """Which files of this machine count as inputs of a build. Paths are absolute."""

    directory: str
    """The context: all of it, but for what is ignored."""
    definition: str | None
    """The Dockerfile, an input even where it is ignored or lies outside; None when inline."""
    inline: str | None = None
    """The text of an inline Dockerfile."""
    ignore_files: tuple[Place, ...] = ()
    """Where patterns of ignored files may stand; the first that exists counts."""
    tool: str | None = None
    """A command of this machine whose version and settings count as well."""
    contexts: tuple[NamedDirectory, ...] = ()
    """What else the definition may name; each folder has its own .dockerignore."""
    optional: bool = False
    """The definition need not be there: not every frontend reads one."""
    results: tuple[str, ...] = ()
    """Paths in it where the build itself writes: no part of the source."""
    hidden: bool = False
    """The inline text is sensitive, so that no digest of it may be kept or pushed."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What apply adds to a build's attributes."""

    labels: Mapping[str, str]
    """Labels of our own."""
    names: tuple[str, ...]
    """All names of the image, the findable one too; empty when it gets none."""
    push: bool
    """The builder pushes; otherwise the caller does, by the engine."""
    in_engine: bool = False
    """The builder is a Docker Engine's own: what is built is in the engine at once."""
    exporter: str = "image"
    """What its exporter of images is called: `moby` in an engine with the old graph driver."""


@dataclass(frozen=True, slots=True)
class Frontend:
    """One way to say what is in an image."""

    type: ResourceType
    source: Callable[[Attributes], Source]
    request: Callable[[Attributes, Extras], SolveRequest] | None = None
    """What BuildKit is asked for; None when a command does the asking (envd)."""
    registries: Callable[[Attributes], frozenset[str]] = lambda _: frozenset()
    """The hosts of the registries that a build names, each in one spelling."""


def decide(*question: Any) -> object:
    """What has to be done for a build: see ResourceType.decide."""
    from envdplan.resources.builds.builddiff import build_change  # only plans need it

    return build_change(*question)
