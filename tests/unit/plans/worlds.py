"""A world in memory for plans of real configurations: what there is, and what is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envdplan.app.catalog import CATALOG
from envdplan.app.workflow import Project, load, make_plan
from envdplan.core.engine.events import Started, Succeeded
from envdplan.core.engine.record import record
from envdplan.core.plan.changes import Action
from envdplan.core.plan.compare import identity
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.plan import Plan
from envdplan.core.plan.wording import worded
from envdplan.core.state.desired import DesiredState, Resource
from envdplan.core.state.observed import Absent, BuildFacts, Observation, Present, Stranger
from envdplan.core.state.recorded import Record, State
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.schema import Catalog
from envdplan.ground.source import SourceFile
from envdplan.ground.values import UNKNOWN, Attributes
from envdplan.language.configuration.modules import Read, Texts
from envdplan.language.functions import FUNCTIONS

NOW = "2026-01-01T00:00:00Z"


def desired(text: str, **modules: str) -> DesiredState:
    """What a configuration asks for; `modules` are called as ./NAME."""
    project = Project((SourceFile("envdplan.hcl", text, "/p"),), "/p", modules=_reading(modules))
    return load(project, CATALOG, FUNCTIONS, "0.1.0").desired


def _reading(modules: Mapping[str, str]) -> Read:
    def read(source: str, directory: str) -> Texts:
        name = source.removeprefix("./")
        place = f"{directory}/{name}"
        return Texts(place, (SourceFile(f"{place}/envdplan.hcl", modules[name], place),))

    return read


@dataclass
class World:
    """What there is; it can be planned for and, without any real work, be changed."""

    state: State = field(default_factory=State.new)
    live: dict[tuple[object, ...], Attributes] = field(default_factory=dict)
    catalog: Catalog = CATALOG
    concurrent: bool = False
    ours: bool = False
    """Whether what there is carries our mark."""
    strangers: tuple[Stranger, ...] = ()
    """What carries no mark of this state."""
    asked: list[Attributes] = field(default_factory=list)
    """By what readers looked, the latest last."""

    def read(
        self, resource: Resource | None, attributes: Attributes, record: Record | None
    ) -> Observation:
        """See Reader."""
        known = resource or record
        assert known is not None
        self.asked.append(attributes)
        if known.address.kind is Kind.BUILD:
            return Present({}, facts=BuildFacts(files=()))
        found = self.live.get(identity(self.catalog, known.address, known.type, attributes))
        if found is None:
            return Absent()
        return Present(found, ours=self.ours, strangers=self.strangers)

    def plan(self, wanted: DesiredState, options: PlanOptions = PlanOptions()) -> Plan:
        """What has to be done so that the world is as `wanted`."""
        self.state = self.state.with_moves(wanted.moves)
        plan, _ = make_plan(wanted, self.state, lambda _: self, self.catalog, options)
        return plan

    def apply(self, wanted: DesiredState, options: PlanOptions = PlanOptions()) -> Plan:
        """Do all of a plan."""
        plan = self.plan(wanted, options)
        for change in plan.to_apply:
            after = None if change.after is None else _settled(change.after)
            self.state = record(self.state, Succeeded(change, after), NOW, self.catalog)
            if change.action in (Action.DELETE, Action.REPLACE):
                self.live.pop(
                    identity(self.catalog, change.address, change.type, change.before or {}), None
                )
            if after is not None and change.action.is_change:
                self.live[identity(self.catalog, change.address, change.type, after)] = after
        return plan

    def begin(self, wanted: DesiredState) -> None:
        """Begin all of a plan, and let it fail before anything came of it."""
        for change in self.plan(wanted).to_apply:
            self.state = record(self.state, Started(change), NOW, self.catalog)


def _settled(after: Attributes) -> Attributes:
    return {name: "found" if value is UNKNOWN else value for name, value in after.items()}


def actions(plan: Plan) -> dict[str, Action]:
    """What becomes of each resource that is not left as it is."""
    return {str(c.address): c.action for c in plan.changes if c.action is not Action.NOOP}


def reasons(plan: Plan, address: str) -> tuple[str, ...]:
    """Why something becomes of a resource."""
    (found,) = (one for one in plan.changes if one.address == Address.parse(address))
    return worded(found.reasons)
