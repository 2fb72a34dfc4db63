"""What has to change: three pictures in, changes out."""

import pytest

from envdplan.core.plan.changes import Action, Change
from envdplan.core.plan.diff import diff
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.plan import edges, order
from envdplan.core.state.desired import DesiredState, Lifecycle, Resource
from envdplan.core.state.observed import Absent, Observation, Present, Unreachable
from envdplan.core.state.recorded import Pending, Record, State
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.attributes import Attribute, Compared, Computed
from envdplan.ground.schema import Catalog, ResourceType
from envdplan.ground.values import UNKNOWN, Attributes

BUILDER, CONTEXT = Address.parse("builder.b"), Address.parse("context.c")
ATTRIBUTES = {
    "name": Attribute(
        "", {"type": "string"}, compared=Compared.REPLACES, identity=True, place=True
    ),
    "size": Attribute("", {"type": "integer"}),
    "how": Attribute("", {"type": "string"}, compared=Compared.NEVER),
    "maybe": Attribute("", {"type": "string"}, compared=Compared.IF_GIVEN),
    "version": Attribute("", {"type": "string"}, computed=Computed.FOUND),
}
CATALOG = Catalog(
    {
        (Kind.BUILDER, "kind"): ResourceType(Kind.BUILDER, "kind", ATTRIBUTES),
        (Kind.CONTEXT, "context"): ResourceType(Kind.CONTEXT, "context", ATTRIBUTES),
    }
)
WANTED: Attributes = {"name": "n", "size": 1}


def wanted(address: Address = BUILDER, attributes: Attributes = WANTED, **more: object) -> Resource:
    kind = "kind" if address.kind is Kind.BUILDER else "context"
    return Resource(address, kind, attributes, **more)  # type: ignore[arg-type]  # a shortcut


def record(address: Address = BUILDER, attributes: Attributes = WANTED, **more: object) -> Record:
    kind = "kind" if address.kind is Kind.BUILDER else "context"
    return Record(address, kind, attributes, **more)  # type: ignore[arg-type]  # a shortcut


def change(
    resource: Resource | None,
    known: Record | None,
    live: Observation,
    options: PlanOptions = PlanOptions(),
) -> tuple[Change | None, list[str]]:
    address = (resource or known or wanted()).address
    outcome = diff(
        DesiredState({address: resource} if resource else {}),
        State("l", 1, {address: known} if known else {}),
        {address: live},
        CATALOG,
        options,
    )
    return outcome.changes.get(address), [one.summary for one in outcome.diagnostics]


@pytest.mark.parametrize(
    ("resource", "known", "live", "action"),
    [
        (wanted(), None, Absent(), Action.CREATE),
        (wanted(), record(), Absent(), Action.CREATE),
        (wanted(), record(), Present(WANTED), Action.NOOP),
        (wanted(), None, Present(WANTED), Action.ADOPT),
        (wanted(), None, Present({**WANTED, "size": 2}, ours=True), Action.UPDATE),
        (wanted(), record(), Present({**WANTED, "size": 2}), Action.UPDATE),
        (wanted(), record(), Present({**WANTED, "name": "m"}), Action.REPLACE),
        (wanted(), record(), Present({**WANTED, "how": "else"}), Action.NOOP),
        (wanted(), record(), Present({**WANTED, "maybe": "so"}), Action.NOOP),
        (wanted(), record(), Unreachable("no answer"), Action.DEFER),
        (None, record(), Present(WANTED), Action.DELETE),
        (None, record(), Absent(), Action.FORGET),
        (None, record(), Unreachable("no answer"), Action.DEFER),
    ],
)
def test_the_action_follows_from_the_three_pictures(
    resource: Resource | None, known: Record | None, live: Observation, action: Action
) -> None:
    found, problems = change(resource, known, live)
    assert found is not None
    assert found.action is action
    assert problems == []
    assert not action.is_change or found.reasons


def test_a_foreign_thing_is_an_error_that_names_import() -> None:
    outcome = diff(
        DesiredState({BUILDER: wanted()}),
        State("l"),
        {BUILDER: Present({**WANTED, "size": 2})},
        CATALOG,
        PlanOptions(),
    )
    (problem,) = outcome.diagnostics
    assert "envdplan import builder.b" in problem.detail


def test_a_renamed_block_inherits_the_thing() -> None:
    old, new = Address.parse("builder.old"), Address.parse("builder.new")
    outcome = diff(
        DesiredState({new: wanted(new)}),
        State("l", 1, {old: record(old)}),
        {new: Present(WANTED), old: Present(WANTED)},
        CATALOG,
        PlanOptions(),
    )
    assert outcome.changes[old].action is Action.FORGET
    assert outcome.changes[new].action is Action.ADOPT


def test_what_a_crash_began_is_known_as_ours() -> None:
    state = State("l", 1, {}, {BUILDER: Pending(BUILDER, "create", "kind", "now", WANTED)})
    outcome = diff(
        DesiredState({BUILDER: wanted()}),
        state.with_begun(),
        {BUILDER: Present({**WANTED, "size": 2})},
        CATALOG,
        PlanOptions(),
    )
    assert outcome.changes[BUILDER].action is Action.UPDATE


def test_what_a_crash_began_and_nobody_wants_any_more_is_removed() -> None:
    state = State("l", 1, {}, {BUILDER: Pending(BUILDER, "create", "kind", "now", WANTED)})
    outcome = diff(
        DesiredState(), state.with_begun(), {BUILDER: Present(WANTED)}, CATALOG, PlanOptions()
    )
    assert outcome.changes[BUILDER].action is Action.DELETE


def test_another_type_of_builder_replaces_the_former() -> None:
    known = Record(BUILDER, "other", WANTED)
    found, _ = change(wanted(), known, Absent())
    assert found is not None
    assert (found.action, found.before_type) == (Action.REPLACE, "other")


def test_dependents_see_what_is_known_only_after_apply() -> None:
    def resolve(known: object) -> Attributes:
        assert isinstance(known, dict)
        return {"name": "n", "size": known.get(BUILDER, {}).get("version", UNKNOWN)}

    context = wanted(
        CONTEXT, {"name": "n", "size": UNKNOWN}, depends_on=(BUILDER,), resolve=resolve
    )
    desired = DesiredState({BUILDER: wanted(), CONTEXT: context})
    fresh = diff(desired, State("l"), {}, CATALOG, PlanOptions())
    assert fresh.changes[CONTEXT].after == {"name": "n", "size": UNKNOWN, "version": UNKNOWN}
    state = State("l", 1, {BUILDER: record(), CONTEXT: record(CONTEXT, depends_on=(BUILDER,))})
    live: dict[Address, Observation] = {
        BUILDER: Present({**WANTED, "version": 3}),
        CONTEXT: Present({"name": "n", "size": 3}),
    }
    settled = diff(desired, state, live, CATALOG, PlanOptions())
    assert [one.action for one in settled.changes.values()] == [Action.NOOP, Action.NOOP]


def test_a_delete_waits_for_the_former_users() -> None:
    going = Change(BUILDER, "kind", Action.DELETE, before=WANTED)
    user = Change(CONTEXT, "context", Action.UPDATE, before=WANTED, after=WANTED)
    state = State("l", 1, {BUILDER: record(), CONTEXT: record(CONTEXT, depends_on=(BUILDER,))})
    plan = order([going, user], state)
    assert [one.address for one in plan.changes] == [CONTEXT, BUILDER]
    assert edges(plan.changes)[BUILDER] == (CONTEXT,)


def test_prevent_destroy_outlives_its_block() -> None:
    known = record(prevent_destroy=True)
    found, _ = change(None, known, Present(WANTED))
    assert found is not None
    assert found.prevent_destroy
    kept, _ = change(wanted(lifecycle=Lifecycle(prevent_destroy=True)), record(), Absent())
    assert kept is not None
    assert kept.prevent_destroy
