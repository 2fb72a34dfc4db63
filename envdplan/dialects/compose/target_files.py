"""Compose files as docker buildx bake reads them: services with a build become targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from envdplan.dialects.compose import attributes as composeattributes
from envdplan.dialects.compose import entries as composeentries
from envdplan.dialects.compose.check import Check
from envdplan.dialects.compose.consistency import Consistency
from envdplan.dialects.compose.env import Open, ServiceEnvironment, project
from envdplan.dialects.compose.project import Loading
from envdplan.dialects.compose.target import Attributes, Target, target_name
from envdplan.dialects.compose.tree import Branch
from envdplan.dialects.compose.xbake import XBake
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile, SourceRange
from envdplan.ground.values import AttributePath


@dataclass(frozen=True, slots=True)
class Composed:
    """What compose files say, as a bake file in JSON would; its strings are no templates."""

    body: Mapping[str, Mapping[str, Attributes]] = field(default_factory=dict)
    places: Mapping[tuple[str, AttributePath], SourceRange] = field(default_factory=dict)
    """Where a value stands, by the name of its target and its path in there."""


def read(
    files: Sequence[SourceFile],
    environment: Mapping[str, str],
    dotenv: SourceFile | None,
    open: Open = lambda _: None,
) -> tuple[Composed, Diagnostics]:
    """The targets of all `files` as one project. `open` gives the files that `env_file` and
    `extends` name, by paths relative to the working directory.
    """
    diagnostics = Diagnostics()
    variables = project(environment, dotenv, diagnostics)
    loading = Loading(variables, open, diagnostics)
    root = loading.read(files)
    if root is None:
        return Composed(), diagnostics
    services = root.branch("services") or Branch({}, root.place)
    secrets = root.branch("secrets") or Branch({}, root.place)
    if not diagnostics.has_errors:  # else something may be missing because it was wrong
        Consistency(services, secrets, diagnostics).check()
    targets = [
        _target(name, service, secrets, loading)
        for name in sorted(services.items)
        if (service := services.branch(name)) and service.branch("build")
    ]
    return _composed(targets, groups=bool(services.items)), diagnostics


def _composed(targets: Sequence[Target], *, groups: bool) -> Composed:
    body: dict[str, dict[str, Attributes]] = {}
    if groups:
        body["group"] = {"default": {"targets": [target.name for target in targets]}}
    if targets:
        body["target"] = {target.name: target.attributes for target in targets}
    places = {(target.name, path): p for target in targets for path, p in target.places.items()}
    return Composed(body, places)


def _target(name: str, service: Branch, secrets: Branch, loading: Loading) -> Target:
    build = service.branch("build") or Branch({}, service.place)
    check = Check(loading.diagnostics)
    extension = XBake(check, f"services.{name}.build.x-bake").read(build.get("x-bake"))
    own = ServiceEnvironment(service, loading.variables, loading.open, loading.diagnostics)
    target = Target(
        target_name(name),
        service,
        build,
        extension or Branch({}, build.place),
        secrets,
        loading.home,
        cache(own.variables),
        loading.diagnostics,
    )
    for write in _WRITERS:
        write(target)
    return target


_WRITERS = (
    composeattributes.texts,
    composeattributes.arguments,
    composeattributes.labels,
    composeattributes.contexts,
    composeattributes.hosts,
    composeattributes.lists,
    composeattributes.ulimits,
    composeattributes.flags,
    composeentries.caches,
    composeentries.outputs,
    composeentries.secrets,
    composeentries.ssh,
    composeentries.attestations,
)
