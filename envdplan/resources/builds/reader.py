"""Finds out all that decides whether a build is up to date."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from envdplan.core.engine.protocols import StateReader
from envdplan.core.plan.changes import Work
from envdplan.core.plan.inputs import attribute_inputs, inputs_digest, source_attributes
from envdplan.core.plan.names import loaded_names, pushed_names
from envdplan.core.plan.reasons import Code, Reason
from envdplan.core.state.desired import Resource
from envdplan.core.state.observed import (
    BuildFacts,
    Cause,
    ImageFact,
    ImageFound,
    Input,
    Observation,
    Present,
)
from envdplan.core.state.observed import Unreachable as NotSeen
from envdplan.core.state.recorded import Record
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.imagenames import repository_of
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import Attributes, is_known, reveal
from envdplan.resources.builds import decide as builds
from envdplan.resources.builds.connections import Connection, Connections
from envdplan.resources.builds.engines import Engines
from envdplan.resources.builds.frontends import frontend
from envdplan.resources.builds.frontends.base import Frontend
from envdplan.resources.builds.frontends.dockerfilebases import bases
from envdplan.resources.builds.images import (
    destinations,
    findable,
)
from envdplan.resources.builds.localhost import on_localhost
from envdplan.resources.builds.registries import Registries
from envdplan.resources.builds.results import Results
from envdplan.resources.builds.sources import Found, Sources


@dataclass(slots=True)
class BuildReader:
    """Reads files, registries and engines; asks no more of them than the answer needs."""

    sources: Sources
    registries: Registries
    connections: Connections
    engines: Engines
    state: StateReader
    concurrent: bool = field(default=True, init=False)

    def read(
        self, resource: Resource | None, attributes: Attributes, record: Record | None
    ) -> Observation:
        """The facts; a build itself is always there, its image may not be."""
        if resource is None:
            return Present({})
        kind = frontend(resource.type)
        if kind is None:
            unknown = f"This version of envdplan has no frontend {resource.type}."
            return Present({}, facts=BuildFacts(files=None, problem=unknown))
        found, problem = self._inputs(kind, attributes)
        question = _Question(kind.type, resource, attributes, record, found, problem)
        facts = BuildFacts(
            files=None if found is None else found.files,
            source=source_attributes(kind.type, attributes),
            files_digest=None if found is None else found.digest,
            problem=question.problem,
            previous=self._previous(question),
            bases=self._bases(kind, attributes) if question.problem is None else (),
        )
        facts = self._with_results(facts, question)
        if question.problem is None:
            facts = self._with_images(facts, question)
        return Present({}, facts=self._with_builder(facts, question))

    def _inputs(self, kind: Frontend, attributes: Attributes) -> tuple[Found | None, str | None]:
        """The files now, or why they cannot be read; neither while the path is unknown."""
        if not is_known(source_attributes(kind.type, attributes)):
            return None, None
        try:
            return self.sources.inputs(kind.source(attributes)), None
        except EnvdplanError as error:
            return None, f"{error.summary}. {error.detail}"

    def _bases(self, kind: Frontend, attributes: Attributes) -> tuple[str, ...]:
        if kind.request is None or not is_known(source_attributes(kind.type, attributes)):
            return ()
        args = reveal(attributes.get("args"))
        given = args.items() if isinstance(args, Mapping) else ()
        known = {name: value for name, value in given if isinstance(value, str)}
        found = bases(kind.source(attributes), known)
        return tuple(one for one in sorted(found) if on_localhost(one))

    def _with_results(self, facts: BuildFacts, question: "_Question") -> BuildFacts:
        """What lies on this machine."""
        known = (question.record.attributes if question.record else {}).get("outputs") or {}
        results = Results(self.sources)
        found = {
            path: results.now(path, str(known.get(path)), self.state.inputs)
            for path in destinations(question.attributes)
        }
        return replace(
            facts,
            outputs={path: one.signature for path, one in found.items()},
            strayed={path: one.strayed for path, one in found.items()},
        )

    def _previous(self, question: "_Question") -> tuple[Input, ...] | None:
        recorded = question.recorded("inputs_digest")
        if recorded is None or recorded == question.digest:
            return None
        return self.state.inputs(recorded)

    def _with_images(self, facts: BuildFacts, question: "_Question") -> BuildFacts:
        tags = pushed_names(question.attributes)
        known = {ref: self._tag(ref, question) for ref in tags}
        connection = self._connection(question)
        loaded = loaded_names(
            question.attributes, in_engine=connection is not None and connection.in_engine
        )
        host = None if connection is None else connection.host
        return replace(
            facts,
            tags=known,
            recorded=self._recorded(tags, known, question),
            found=self._found(tags, known, question),
            loaded={ref: self.engines.fact(host, ref) for ref in loaded},
            pushable=self._pushable(tags, connection, question),
        )

    def _tag(self, ref: str, question: "_Question") -> ImageFact:
        """Where a tag points; what that image was built from only if the state cannot tell."""
        fact = self.registries.fact(ref)
        if isinstance(fact, ImageFound) and not question.is_ours(fact):
            return self.registries.fact(ref, inputs=True)
        return fact

    def _recorded(
        self, tags: tuple[str, ...], known: Mapping[str, ImageFact], question: "_Question"
    ) -> ImageFact | None:
        digest = question.recorded("digest")
        if not tags or digest is None or not question.same_inputs:
            return None
        here = [fact for fact in known.values() if isinstance(fact, ImageFound)]
        if any(fact.digest == digest for fact in here):
            return ImageFound(digest, question.digest)
        return self.registries.fact(f"{repository_of(tags[0])}@{digest}")

    def _found(
        self, tags: tuple[str, ...], known: Mapping[str, ImageFact], question: "_Question"
    ) -> Mapping[str, ImageFact]:
        """The image by its inputs, where no tag leads to it."""
        digest = question.digest
        if digest is None or any(question.is_ours(fact) for fact in known.values()):
            return {}
        here = [fact for fact in known.values() if isinstance(fact, ImageFound)]
        if any(fact.inputs_digest == digest for fact in here):
            return {}
        names = {repository_of(ref): findable(ref, digest) for ref in tags}
        return {repository: self.registries.fact(name) for repository, name in names.items()}

    def _pushable(
        self, tags: tuple[str, ...], connection: Connection | None, question: "_Question"
    ) -> str | None:
        """An image of these very inputs that an engine still has, so that a push is enough."""
        if not tags or connection is None or not connection.in_engine:
            return None
        fact = self.engines.fact(connection.host, tags[0])
        ours = isinstance(fact, ImageFound) and fact.inputs_digest == question.digest
        return fact.digest if ours and isinstance(fact, ImageFound) else None

    def _connection(self, question: "_Question") -> Connection | None:
        try:
            return self.connections.of(question.attributes)
        except EnvdplanError:
            return None  # it matters only when the build has to run, and is told then

    def _with_builder(self, facts: BuildFacts, question: "_Question") -> BuildFacts:
        """A builder that no block declares is looked at when it is needed, and only then."""
        if not question.may_run(facts):
            return facts
        try:
            connection = self.connections.of(question.attributes)
            if connection is None or connection.resource is not None:
                return facts
            observation = self.connections.look(connection)
        except EnvdplanError as error:
            return replace(facts, builder_problem=Cause.of(error))
        if isinstance(observation, NotSeen):
            return replace(facts, builder_problem=observation.cause)
        live = observation.attributes if isinstance(observation, Present) else {}
        live = {**connection.attributes, **live}
        return replace(facts, builder=live, builder_type=connection.type)


@dataclass(frozen=True, slots=True)
class _Question:
    """One build with what is known before anybody is asked."""

    type: ResourceType
    resource: Resource
    attributes: Attributes
    record: Record | None
    found: Found | None
    problem: str | None
    digest: str | None = field(init=False)
    """The inputs' digest of now; None while any input is unknown."""

    def __post_init__(self) -> None:
        own = attribute_inputs(self.type, self.attributes)
        digest = None
        if own is not None and self.found is not None:
            digest = inputs_digest(own, self.found.digest)
        object.__setattr__(self, "digest", digest)

    @property
    def same_inputs(self) -> bool:
        return self.digest is not None and self.recorded("inputs_digest") == self.digest

    def may_run(self, facts: BuildFacts) -> bool:
        """Whether the plan may decide to build or push: as it does, and forced where it may be."""
        forced = Reason(Code.REPLACE_ASKED) if self.resource.lifecycle.may_force else None
        change = builds.decide(
            self.type, self.resource, self.attributes, self.record, facts, forced=forced
        )
        return bool({Work.BUILD, Work.PUSH} & {*change.work})

    def recorded(self, name: str) -> str | None:
        value = self.record.attributes.get(name) if self.record else None
        return value if isinstance(value, str) else None

    def is_ours(self, fact: ImageFact) -> bool:
        """Whether it is the recorded image, and that one was made from the inputs of now."""
        found = isinstance(fact, ImageFound) and fact.digest == self.recorded("digest")
        return found and self.same_inputs
