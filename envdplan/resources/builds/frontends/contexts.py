"""Named contexts: what a Dockerfile may name besides its source.

The wire form is that of buildx: frontend attributes `context:NAME`, of which `local:NAME` is a
folder of the session (build/opt.go there; frontend/dockerui/namedcontext.go in BuildKit).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from envdplan.clients.buildkit.request import LocalDirectory
from envdplan.ground.imagenames import InvalidReference, parse_reference
from envdplan.ground.schema import Problem
from envdplan.ground.values import Attributes, Sensitive, Unknown, Value, reveal
from envdplan.language.evaluation.problems import suggestion
from envdplan.resources.builds.frontends import results
from envdplan.resources.builds.frontends.base import NamedDirectory

if TYPE_CHECKING:
    from envdplan.clients.buildkit.session.ocilayout import OciLayout

CAPABILITY: Final = ("frontend.caps", "moby.buildkit.frontend.contexts+forward")
"""Makes frontends that know no named contexts refuse the build instead of leaving them out."""

_LAYOUT: Final = "oci-layout://"
_IMAGE: Final = "docker-image://"
_SCHEMES: Final = ("docker-image", "oci-layout", "git", "http", "https")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PINNED: Final = re.compile(r"[^:/@]+(?::[0-9]+)?(?:/[^@]+)*@sha\d+:[0-9a-f]+")
_OWN: Final = {"context": "path", "dockerfile": "dockerfile"}
"""Names that the source itself has, and the attributes that say where it is."""


def with_contexts(attributes: Attributes) -> dict[str, Value]:
    """A reference with a digest, such as `build.base.image`, is an image."""
    contexts = attributes.get("contexts")
    if not isinstance(contexts, Mapping):
        return dict(attributes)
    made = {name: _inside(value, _with_scheme) for name, value in contexts.items()}
    return {**attributes, "contexts": made}


def _inside(value: Value, change: Callable[[str], str]) -> Value:
    if isinstance(value, Sensitive):
        return Sensitive(_inside(value.value, change))
    return change(value) if isinstance(value, str) else value


def _with_scheme(value: str) -> str:
    return f"{_IMAGE}{value}" if _PINNED.fullmatch(value) else value


def problems(attributes: Attributes) -> Iterator[Problem]:
    """Names that no Dockerfile could use, and values of a kind that BuildKit does not know."""
    contexts = attributes.get("contexts")
    if isinstance(contexts, Sensitive):
        detail = "The names of contexts are shown, so only single values can be sensitive."
        yield ("contexts",), "Names must not be sensitive", detail
    for name, value in contexts.items() if isinstance(contexts, Mapping) else ():
        found = _problem_of_name(name) or _problem_of_value(value)
        if found:
            yield ("contexts", name), *found


def _problem_of_name(name: str) -> tuple[str, str] | None:
    if name in _OWN:
        detail = f'"{name}" is the source itself, which {_OWN[name]} names: choose another name.'
        return "Name is taken", detail
    if _unfit(name):
        detail = (
            f'"{name}" cannot be named in a Dockerfile: the name of a context looks like that of '
            "an image, in lower case."
        )
        return "Invalid name of a named context", detail
    return None


def _problem_of_value(value: Value) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return None  # unknown, or not to be shown
    if value.startswith("target:"):
        other = value.removeprefix("target:")
        return (
            "Unknown kind of named context",
            f"Another build is named as build.{other}, without quotes.",
        )
    scheme = _SCHEME.match(value)
    if scheme and scheme[1] not in _SCHEMES:
        hint = suggestion(scheme[1], _SCHEMES) or f" There are: {', '.join(_SCHEMES)}."
        return (
            "Unknown kind of named context",
            f'There are no contexts of the kind "{scheme[1]}".{hint}',
        )
    unfit = _unfit(value.removeprefix(_IMAGE)) if value.startswith(_IMAGE) else ""
    return ("Invalid image name", unfit) if unfit else None


def _unfit(name: str) -> str:
    """Why `name` cannot be that of an image; empty when it can."""
    try:
        parse_reference(name)
    except InvalidReference as error:
        return str(error)
    return ""


def directories(attributes: Attributes) -> tuple[NamedDirectory, ...]:
    """The contexts that lie on this machine, as far as they are known."""
    return tuple(
        _directory(attributes, name, value)
        for name, value in _known(attributes)
        if value.startswith(("/", _LAYOUT))
    )


def _directory(attributes: Attributes, name: str, value: str) -> NamedDirectory:
    if value.startswith(_LAYOUT):
        return NamedDirectory(name, value.removeprefix(_LAYOUT), layout=True)
    return NamedDirectory(name, value, results=results.below(attributes, value))


def _known(attributes: Attributes) -> Iterator[tuple[str, str]]:
    contexts = reveal(attributes.get("contexts"))
    for name, value in contexts.items() if isinstance(contexts, Mapping) else ():
        if not isinstance(value, Unknown):
            yield name, str(value)


def local_directories(attributes: Attributes) -> Iterator[LocalDirectory]:
    """The folders that the session shares for them, by the names that frontends look up."""
    for one in directories(attributes):
        if not one.layout:
            yield LocalDirectory(lookup_name(one.name), one.directory, results=one.results)


def layouts(attributes: Attributes) -> "tuple[OciLayout, ...]":
    """The OCI layouts that the session shares, read-only."""
    from envdplan.clients.buildkit.session.ocilayout import OciLayout

    found = (one for one in directories(attributes) if one.layout)
    return tuple(OciLayout(f"layout-{at}", one.directory) for at, one in enumerate(found))


def options(attributes: Attributes) -> Iterator[tuple[str, str]]:
    """The attributes of the frontend. Raises EnvdplanError for an OCI layout without the image."""
    stores = {one.location: one for one in layouts(attributes)}
    for name, value in _known(attributes):
        wire = value
        if value.startswith("/"):
            wire = f"local:{lookup_name(name)}"
        elif value.startswith(_LAYOUT):
            wire = f"{_LAYOUT}{stores[value.removeprefix(_LAYOUT)].pinned()}"
        yield f"context:{lookup_name(name)}", wire
    if attributes.get("contexts"):
        yield CAPABILITY


def lookup_name(name: str) -> str:
    """`docker.io/library/alpine:latest` is looked up as `alpine`, as Docker would write it."""
    found = parse_reference(name)
    path = f"{found.host}/{found.path}"
    short = path.removeprefix("docker.io/").removeprefix("library/")
    tag = f":{found.tag}" if found.tag not in (None, "latest") else ""
    return f"{short}{tag}@{found.digest}" if found.digest else f"{short}{tag}"
