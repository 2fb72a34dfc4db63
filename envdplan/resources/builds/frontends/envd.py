"""Builds from a build.envd, run by the real envd command.

What envd 1.3 cannot do (arguments, labels, other exporters) is no attribute here.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from envdplan.ground.addresses import Kind
from envdplan.ground.attributes import Attribute, Compared, Computed, NotInput, Whole
from envdplan.ground.schema import Problem, ResourceType
from envdplan.ground.values import Attributes, Unknown, reveal
from envdplan.resources.builds.frontends import clear
from envdplan.resources.builds.frontends.base import Frontend, Source, decide
from envdplan.resources.builds.frontends.buildschema import ATTRIBUTES, INTERNAL
from envdplan.resources.builds.frontends.frontendschema import DECIDES
from envdplan.resources.builds.frontends.outputs import name_problems, with_caches, with_outputs

_OWN: Final[Mapping[str, Attribute]] = {
    "from": Attribute(
        "FILE:FUNCTION of the build.envd, the file relative to path (default: "
        "build.envd:build); makes this an envd build",
        {"type": "string", "pattern": r"^[^:]+(:[A-Za-z_][A-Za-z0-9_]*)?$"},
        input=Whole(finds=True),
        in_clear=DECIDES,
    ),
    "use_proxy": Attribute(
        "Use the proxies of this machine's environment in the build",
        {"type": "boolean", "default": False},
        input=Whole(),
    ),
    "force": Attribute(
        "Make envd build even if it sees no change",
        {"type": "boolean", "default": False},
        compared=Compared.NEVER,
        input=NotInput("how to build, not what"),
    ),
}
_SHARED: Final = (
    "context",
    "path",
    "tags",
    "platforms",
    "timeout",
    "retries",
    "push",
    "load",
    "import_cache",
    "export_cache",
    "triggers",
    "digest",
    "image",
    "image_id",
    "inputs_digest",
    "metadata",
)
_OUTPUT: Final = Attribute(
    "The output that push or load asks for", {"type": "array"}, computed=Computed.FOLLOWS
)


def derive(attributes: Attributes) -> Attributes:
    """Short forms of outputs and caches written out."""
    return with_caches(with_outputs(attributes))


def problems(attributes: Attributes) -> Iterator[Problem]:
    """What envd cannot do."""
    if attributes.get("push") is True and not attributes.get("tags"):
        detail = '"tags" must be set: without a name there is nowhere to push to.'
        yield ("push",), "Missing attribute", detail
    elif not attributes.get("tags") and not isinstance(attributes.get("tags"), Unknown):
        detail = '"tags" must be set: envd builds images, and they need a name.'
        yield ("tags",), "Missing attribute", detail
    if attributes.get("push") is True and attributes.get("load") is True:
        detail = "envd makes one output in one build: set push or load, not both."
        yield ("load",), "More than one output of an envd build", detail
    yield from name_problems(attributes)
    platforms = attributes.get("platforms")
    if isinstance(platforms, tuple) and len(platforms) > 1 and attributes.get("push") is not True:
        detail = "Images of several platforms are joined in a registry: set push = true."
        yield ("platforms",), "Several platforms need a push", detail
    for name in ("import_cache", "export_cache"):
        caches = attributes.get(name)
        if isinstance(caches, tuple) and len(caches) > 1:
            yield (name,), "Too many caches", f"envd takes one {name}."
    yield from clear.problems(TYPE, attributes)


TYPE: Final = ResourceType(
    Kind.BUILD,
    "envd",
    {**{name: ATTRIBUTES[name] for name in _SHARED}, **_OWN, "output": _OUTPUT},
    derive,
    problems,
    internal=INTERNAL,
    decide=decide,
    title="envd build",
    required=("from",),
    selected_by="from",
)


def source(attributes: Attributes) -> Source:
    """All of the directory, because build.envd is a program that may read any of it.

    envd's own version and its config.envd, which runs before each build, are inputs too.
    """
    directory = str(attributes["path"])
    file = str(attributes["from"]).partition(":")[0]
    return Source(directory, str(Path(directory, file)), tool="envd")


def command(
    attributes: Attributes, names: tuple[str, ...], platform: str | None, *, engine: bool, mark: str
) -> list[str]:
    """envd's arguments. In an `engine` the image gets its first name and is pushed by it."""
    plain = reveal(attributes)
    file, _, function = str(plain["from"]).partition(":")
    found = ["build", "--from", f"{file}:{function or 'build'}", "--path", str(plain["path"])]
    found += ["--tag", names[0]]
    if not engine and not plain.get("load"):  # without an output envd loads it
        found += ["--output", _output(plain, names, mark)]
    if platform is not None:
        found += ["--platform", platform]
    for name, flag in (("import_cache", "--import-cache"), ("export_cache", "--export-cache")):
        for one in plain.get(name) or ():
            found += [flag, _row(f"{key}={value}" for key, value in sorted(one.items()))]
    if plain.get("use_proxy"):
        found.append("--use-proxy")
    if plain.get("force"):
        found.append("--force")
    return found


def _output(plain: Attributes, names: tuple[str, ...], mark: str) -> str:
    fields = ["type=image", f"name={','.join(names)}", f"annotation.{mark}"]
    if plain.get("push"):
        fields.append("push=true")
    return _row(fields)


def _row(fields: object) -> str:
    """Go's encoding/csv, which envd reads it with, quotes fields with commas."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)  # type: ignore[arg-type]  # str only
    return text.getvalue()


FRONTEND: Final = Frontend(TYPE, source)
