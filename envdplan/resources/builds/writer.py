"""Makes images: builds, pushes and retags, exactly as the plan said."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Event as Flag

from envdplan.clients.buildkit.request import SolveRequest, SolveResult
from envdplan.clients.buildkit.session.refusals import Refusals
from envdplan.clients.buildkit.session.services import Services
from envdplan.core.engine.protocols import Reporter
from envdplan.core.plan.changes import Change, Work
from envdplan.core.plan.inputs import attribute_inputs, explain, inputs_digest, unknown_inputs
from envdplan.core.plan.names import loaded_names, pushed_names
from envdplan.core.plan.wording import worded
from envdplan.core.state.observed import Input
from envdplan.ground.diagnostics import Conflict, EnvdplanError
from envdplan.ground.files_on_disk import scratch
from envdplan.ground.imagenames import full_name, repository_of
from envdplan.ground.together import until
from envdplan.ground.values import Attributes
from envdplan.resources.builds.archives import is_load, with_archive
from envdplan.resources.builds.confirming import Confirming
from envdplan.resources.builds.connections import Connection, Connections
from envdplan.resources.builds.engines import Engines
from envdplan.resources.builds.envdbuilds import EnvdBuilds
from envdplan.resources.builds.frontends import frontend
from envdplan.resources.builds.frontends.base import Extras, Frontend
from envdplan.resources.builds.hiding import hiding
from envdplan.resources.builds.images import (
    LABEL,
    destinations,
    findable,
    with_findable,
)
from envdplan.resources.builds.logins import Logins, mirrors
from envdplan.resources.builds.platforms import assigned
from envdplan.resources.builds.readiness import Readiness
from envdplan.resources.builds.registries import Registries, parse
from envdplan.resources.builds.sources import Contents, Sources

_NOTHING = SolveResult({})
_SHOWN = 20
_JUST_NOW = 2.0
"""Seconds; files that were read for the plan so shortly before are not read again."""


@dataclass(slots=True)
class BuildWriter:
    """Does the work that a plan decided for builds."""

    sources: Sources
    registries: Registries
    connections: Connections
    engines: Engines
    envd: EnvdBuilds
    environment: Mapping[str, str] = field(repr=False)
    keep: Callable[[str, Iterable[Input]], None]
    """Keeps the list behind an inputs digest: a plan does not always know it yet."""
    base: str
    """The folder of the configuration: below it no link is followed to where results go."""
    quick: bool = field(default=False, init=False)
    readiness: Readiness = field(init=False)

    def __post_init__(self) -> None:
        self.readiness = Readiness(self.registries, self.environment)

    @property
    def _confirming(self) -> Confirming:
        return Confirming(self.sources, self.registries, self.engines, self.keep)

    def check(self, change: Change) -> None:
        """Whether the inputs are those of the plan, and all is there that it needs at its end.

        Raises Conflict and EnvdplanError.
        """
        after, kind = change.after or {}, frontend(change.type)
        decided = change.inputs is not None and Work.RETAG not in change.work
        if decided and kind is not None and attribute_inputs(kind.type, after) is not None:
            self._inputs(kind, change, after)
        self.readiness.check(change)

    def write(self, change: Change, report: Reporter, cancel: Flag) -> Attributes | None:
        """Do `change`; the build's attributes as they are then. Raises EnvdplanError."""
        if change.after is None:
            return None
        hidden = hiding(change.after)
        if hidden is None:
            return self._write(change, report, cancel)
        with hidden.errors():
            return hidden.results(self._write(change, hidden.reporter(report), cancel))

    def _write(self, change: Change, report: Reporter, cancel: Flag) -> Attributes:
        if Work.RETAG in change.work:
            return until(cancel, lambda: self._retag(change, report))
        job = self._job(change, report, cancel)
        if Work.BUILD in change.work:
            return self._build(job)
        return self._push_only(job)

    # -- retag

    def _retag(self, change: Change, report: Reporter) -> Attributes:
        after = change.after or {}
        source = parse(change.source or "")
        for tag in change.tags:
            report(f"{tag} -> {source}")
            self.registries.writer.put_tag(source, parse(tag))
            self._confirming.pushed(tag, source.digest or "")
        return after

    # -- what every build needs to know first

    def _job(self, change: Change, report: Reporter, cancel: Flag) -> "_Job":
        after = change.after or {}
        kind = frontend(change.type)
        if kind is None:
            raise EnvdplanError(
                f"Unknown frontend {change.type}", "The plan was made by another envdplan."
            )
        digest, inputs, contents = self._inputs(kind, change, after)
        self.keep(digest, inputs)
        connection = self.connections.of(after)
        if connection is None:
            raise EnvdplanError(
                "Builder is not known", f"{change.address} has no context with a builder."
            )
        in_engine = connection.in_engine
        exporter = "image"
        if in_engine and not self.engines.at(connection.host).info().containerd_store:
            exporter = "moby"
        return _Job(change, after, kind, connection, digest, contents, exporter, report, cancel)

    def _inputs(
        self, kind: Frontend, change: Change, after: Attributes
    ) -> tuple[str, tuple[Input, ...], Contents]:
        """The digest of the inputs of now, and what they are; they must be those of the plan, if
        it knew them.
        """
        own = attribute_inputs(kind.type, after)
        if own is None:
            raise _untold(kind, change, after)
        found = self.sources.inputs(kind.source(after), age=_JUST_NOW)
        now = (*own, *found.files)
        planned = change.inputs
        if planned not in (None, now) and (lines := worded(explain(planned or (), now))):
            shown = "\n".join(f"  {line}" for line in lines[:_SHOWN])
            rest = f"\n  and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
            raise Conflict(
                "Inputs changed since the plan was made",
                f"{change.address} is not built, because these changed since the "
                f"plan:\n{shown}{rest}\nPlan again.",
            )
        return inputs_digest(own, found.digest), now, found.contents

    # -- build

    def _build(self, job: "_Job") -> Attributes:
        tags = pushed_names(job.after)
        names = with_findable(tags, job.digest)
        extras = Extras(
            labels={LABEL: job.digest},
            names=names,
            push=job.exporter == "image",
            in_engine=job.connection.in_engine,
            exporter=job.exporter,
        )
        ask = job.kind.request
        if ask is None:
            return self._build_by_envd(job, names)
        nodes = self._nodes(job)
        if len(nodes) > 1:
            return self._build_on_nodes(job, names, nodes)
        if nodes:
            job = _at(job, next(iter(nodes)))
        result = self._solve(job, ask(_asked(job), extras))
        if destinations(job.after):
            self.sources.forget()
        if not tags:
            return self._results(job, result, result.response.get("containerimage.digest"))
        if extras.push:
            digest = result.response.get("containerimage.digest", "")
        else:
            digest = self._push_by_engine(job, names)
        for tag in tags:
            job.report(f"confirming {tag}")
            self._confirming.pushed(tag, digest)
        return self._results(job, result, digest)

    def _solve(self, job: "_Job", request: SolveRequest) -> SolveResult:
        lifecycle = self.connections.lifecycles(job.connection.type)
        with ExitStack() as stack:
            archive: Path | None = None
            if any(is_load(one) for one in request.exports):
                folder = stack.enter_context(scratch())
                archive = Path(folder, "image.tar")
                request = with_archive(request, archive)
            # Of several pods always the same, whose cache is warm.
            affine = {**job.connection.attributes, "affinity": str(job.change.address)}
            client = stack.enter_context(lifecycle.connect(affine))
            refusals = Refusals()
            services = self._services(job, request, refusals.add)
            try:
                result = client.solve(
                    request,
                    services,
                    lambda progress: job.report(detail=progress),
                    job.cancel,
                    refusals.add,
                    self.base,
                )
            finally:  # of a failed build it may be the reason
                for one in refusals.lines():
                    job.report(f"refused what the builder asked for: {one}")
            if archive is not None:
                self._load(job, archive)
        return result

    def _services(
        self, job: "_Job", request: SolveRequest, refused: Callable[[str], None]
    ) -> Services:
        """What the builder may call back; `refused` is told what else it asked for."""
        from envdplan.clients.buildkit.session.filesync import file_sync
        from envdplan.clients.buildkit.session.secrets import secrets
        from envdplan.clients.buildkit.session.sshforward import ssh_forward

        content = self.sources.content(job.contents)
        named = job.kind.registries(job.after)
        configured = partial(mirrors, job.connection, self.engines)
        logins = Logins(job.change.address, named, configured, self.environment)
        return {
            **file_sync(request.directories, refused=refused, content=content),
            **secrets(request.secrets, self.environment, refused=refused),
            **ssh_forward(request.ssh, self.environment, refused=refused),
            **logins.services(self.registries, refused),
        }

    def _load(self, job: "_Job", archive: Path) -> None:
        job.report("loading into the Docker Engine")
        with archive.open("rb") as file:
            images = self.engines.at(job.connection.host).images
            until(job.cancel, lambda: images.load(file))

    # -- on several nodes

    def _nodes(self, job: "_Job") -> Mapping[str, tuple[str, ...]]:
        """The nodes that the platforms are built on; none where the builder has none."""
        blocks, wanted = job.connection.attributes.get("node"), job.after.get("platforms")
        if not blocks or not wanted:
            return {}
        lifecycle = self.connections.lifecycles(job.connection.type)
        offered: dict[str, tuple[str, ...]] = {}
        for label, block in blocks.items():
            given = tuple(block.get("platforms") or ())
            if not given:
                with lifecycle.connect({**job.connection.attributes, "at": label}) as client:
                    given = tuple(name for one in client.workers() for name in one.platforms)
            offered[label] = given
        return assigned(wanted, offered)

    def _build_on_nodes(
        self, job: "_Job", names: tuple[str, ...], nodes: Mapping[str, tuple[str, ...]]
    ) -> Attributes:
        """Each node builds its platforms at the same time; then the index names all of them."""
        tag = pushed_names(job.after)[0]
        with ThreadPoolExecutor(len(nodes)) as pool:
            tasks = {
                f"{findable(tag, job.digest)}-{label}": pool.submit(
                    self._build_part, job, label, platforms, tag
                )
                for label, platforms in nodes.items()
            }
        for task in tasks.values():
            task.result()
        digest = self._join(job, names, list(tasks))
        for one in pushed_names(job.after):
            job.report(f"confirming {one}")
            self._confirming.pushed(one, digest)
        return self._results(job, _NOTHING, digest)

    def _build_part(self, job: "_Job", label: str, platforms: tuple[str, ...], tag: str) -> None:
        assert job.kind.request is not None  # noqa: S101  envd builds go another way
        name = f"{findable(tag, job.digest)}-{label}"
        extras = Extras(labels={LABEL: job.digest}, names=(name,), push=True)
        request = job.kind.request({**_asked(job), "platforms": platforms}, extras)
        job.report(f"{', '.join(platforms)} on node {label}")
        self._solve(_at(job, label), request)

    # -- by envd

    def _build_by_envd(self, job: "_Job", names: tuple[str, ...]) -> Attributes:
        """envd makes images of one platform only; several are joined here."""
        tags, platforms = pushed_names(job.after), job.after.get("platforms") or ()
        digest: str | None
        if len(platforms) > 1:
            digest = self._join(job, names, [self._part(job, one) for one in platforms])
        else:
            digest = self._run_envd(job, names or _tags(job.after), next(iter(platforms), None))
        for tag in tags:
            job.report(f"confirming {tag}")
            self._confirming.pushed(tag, digest or "")
        return self._results(job, _NOTHING, digest)

    def _run_envd(self, job: "_Job", names: tuple[str, ...], platform: str | None) -> str | None:
        from envdplan.resources.builds.frontends.envd import command

        in_engine = job.connection.in_engine
        mark = f"{LABEL}={job.digest}"
        arguments = command(job.after, names, platform, engine=in_engine, mark=mark)
        job.report("running envd")
        digest = self.envd.run(
            f"{job.change.address} {platform or ''}",
            arguments,
            job.after,
            job.connection,
            lambda progress: job.report(detail=progress),
            job.cancel,
        )
        if not in_engine or not pushed_names(job.after):
            return digest
        for name in names[1:]:
            self.engines.at(job.connection.host).images.tag(names[0], name)
        return self._push_by_engine(job, names)

    def _part(self, job: "_Job", platform: str) -> str:
        """One platform of several, pushed under a name of its own."""
        tag = pushed_names(job.after)[0]
        name = f"{findable(tag, job.digest)}-{platform.replace('/', '-')}"
        self._run_envd(job, (name,), platform)
        return name

    def _join(self, job: "_Job", names: tuple[str, ...], parts: list[str]) -> str:
        digest = ""
        for name in names:
            job.report(f"joining {len(parts)} platforms as {name}")
            references = [parse(part) for part in parts]
            mark = {LABEL: job.digest}
            join = partial(self.registries.writer.put_index, parse(name), references, mark)
            digest = until(job.cancel, join)
        return digest

    # -- push through an engine that cannot push by BuildKit

    def _push_only(self, job: "_Job") -> Attributes:
        """The engine still has the image: only the push is missing."""
        tags = pushed_names(job.after)
        names = with_findable(tags, job.digest)
        engine = self.engines.at(job.connection.host)
        for name in names:
            engine.images.tag(tags[0], name)
        digest = self._push_by_engine(job, names)
        for tag in tags:
            self._confirming.pushed(tag, digest)
        return self._results(job, _NOTHING, digest)

    def _push_by_engine(self, job: "_Job", names: tuple[str, ...]) -> str:
        engine = self.engines.at(job.connection.host)
        digest = ""
        for name in names:
            job.report(f"pushing {name}")
            push = partial(engine.images.push, name, self.registries.credentials)
            digest = until(job.cancel, push)
        for name in {findable(name, job.digest) for name in names}:
            engine.images.remove(name)  # a name for registries only
        return digest

    # -- the end

    def _results(self, job: "_Job", made: SolveResult, digest: str | None) -> Attributes:
        tags = pushed_names(job.after)
        repository = repository_of(tags[0]) if tags else None
        loaded = loaded_names(job.after, in_engine=job.connection.in_engine)
        image_id = self._confirming.loaded(job.connection.host, loaded, job.digest)
        return {
            **job.after,
            "digest": digest or None,
            "image": f"{repository}@{digest}" if repository and digest else None,
            "image_id": image_id or made.response.get("containerimage.config.digest"),
            "inputs_digest": job.digest,
            "metadata": dict(sorted(made.response.items())),
            "outputs": self._confirming.written(job.after, made),
        }


@dataclass(frozen=True, slots=True)
class _Job:
    """One build that is to be made."""

    change: Change
    after: Attributes
    kind: Frontend
    connection: Connection
    digest: str
    """The digest of the inputs."""
    contents: Contents = field(repr=False)
    """What of the source is sent, and nothing else."""
    exporter: str
    report: Reporter
    cancel: Flag


def _untold(kind: Frontend, change: Change, after: Attributes) -> EnvdplanError:
    names = ", ".join(unknown_inputs(kind.type, after))
    return EnvdplanError(
        "Input of the build is still unknown",
        f"{change.address} needs {names}, which no apply has produced. A build has an image and "
        "a digest only if it is pushed: set tags and push = true in the build that gives the "
        "value.",
    )


def _asked(job: "_Job") -> Attributes:
    """What the builder is asked for; where the plan says so, without its cache of steps."""
    return {**job.after, "no_cache": True} if job.change.anew else job.after


def _at(job: "_Job", label: str) -> "_Job":
    """The same build on one node of its builder."""
    attributes = {**job.connection.attributes, "at": label}
    return replace(job, connection=replace(job.connection, attributes=attributes))


def _tags(attributes: Attributes) -> tuple[str, ...]:
    return tuple(full_name(str(one)) for one in attributes.get("tags") or ())
