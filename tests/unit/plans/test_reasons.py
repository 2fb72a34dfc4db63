"""Every code of a reason has something that makes it; and nothing secret is in a reason."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.core.plan.changes import Action, Change
from envdplan.core.plan.diff import diff
from envdplan.core.plan.inputs import attribute_inputs, entries_digest, inputs_digest
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.reasons import (
    Code,
    Reason,
    Turn,
    reason_json,
    reasons_from_json,
    told,
)
from envdplan.core.plan.wording import worded
from envdplan.core.state.desired import DesiredState
from envdplan.core.state.observed import (
    Absent,
    BuildFacts,
    Cause,
    ImageFound,
    ImageMissing,
    ImageUnclear,
    Input,
    Present,
    Strayed,
    Unreachable,
)
from envdplan.core.state.recorded import Record, State
from envdplan.ground.addresses import Address
from envdplan.ground.values import UNKNOWN, Attributes, Sensitive
from envdplan.resources.builds.decide import SHOWN
from envdplan.resources.builds.frontends.dockerfile import TYPE
from tests.unit.plans import test_build_decisions as builds
from tests.unit.plans import test_conditions as conditions
from tests.unit.plans import test_diff as pictures
from tests.unit.plans import test_gaps as unclear
from tests.unit.plans import test_ownership as ownership
from tests.unit.plans import test_rotated as rotated
from tests.unit.plans.test_build_decisions import DIGEST, FILES, FORMER, OTHER, PUSHED, SAME, TAG
from tests.unit.plans.test_renamed import named
from tests.unit.plans.worlds import World, desired

DESTROY = PlanOptions(destroy=True)
REFRESH = PlanOptions(refresh_only=True)
ENVD = 'context "c" {\n builder = "tcp"\n builder_address = "10.0.0.1:1"\n MORE\n}\n'
FAR = 'builder "far" {\n type = "tcp"\n address = "10.0.0.1:1"\n}\n'
HERE = 'builder "far" {\n type = "docker-container"\n}\n'
POD = 'builder "pod" {\n type = "kube-pod"\n storage { size = "1Gi" }\n}\n'
BUILD = 'build "b" {\n dockerfile_inline = "FROM scratch"\n}\n'
LOST = ImageMissing(("linux/arm64 (sha256:1)",))


def why(
    before: str, after: str, options: PlanOptions = PlanOptions(), *, gone: bool = False
) -> tuple[Reason, ...]:
    """Why the only change of a plan comes, after something else was applied."""
    world = World()
    world.apply(desired(before))
    if gone:
        world.live.clear()
    (change,) = (one for one in world.plan(desired(after), options).changes if one.why)
    return change.why


def of(
    record: Record | None, facts: BuildFacts, attributes: Attributes = builds.WANTED
) -> tuple[Reason, ...]:
    return builds.decided(record, facts, attributes).reasons


def lives(live: Attributes) -> tuple[Reason, ...]:
    """Why a builder changes that is otherwise than wanted."""
    change, _ = pictures.change(pictures.wanted(), pictures.record(), Present(live))
    assert change is not None
    return change.why


def kept_in_engine(fact: ImageFound | ImageMissing) -> tuple[Reason, ...]:
    local = {**builds.WANTED, "output": ({"type": "docker"},)}
    digest = inputs_digest(attribute_inputs(TYPE, local) or (), entries_digest(FILES))
    known = Record(builds.BUILD, "dockerfile", {**local, "inputs_digest": digest})
    return of(known, BuildFacts(FILES, loaded={TAG: fact}), local)


def written(found: str | None, *strayed: Strayed) -> tuple[Reason, ...]:
    local = {**builds.WANTED, "tags": (), "output": ({"type": "tar", "dest": "/o"},)}
    digest = inputs_digest(attribute_inputs(TYPE, local) or (), entries_digest(FILES))
    content = {**local, "inputs_digest": digest, "outputs": {"/o": "sig"}}
    known = Record(builds.BUILD, "dockerfile", content)
    return of(known, BuildFacts(FILES, outputs={"/o": found}, strayed={"/o": strayed}), local)


def unrecorded() -> tuple[Reason, ...]:
    both = {**builds.WANTED, "output": (*builds.WANTED["output"], {"type": "tar", "dest": "/o"})}
    digest = inputs_digest(attribute_inputs(TYPE, both) or (), entries_digest(FILES))
    pushed = {TAG: ImageFound(DIGEST, digest)}
    return of(None, BuildFacts(FILES, tags=pushed, outputs={"/o": "x"}), both)


def offered() -> tuple[Reason, ...]:
    wanted = {**builds.WANTED, "secret": ({"id": "a"},)}
    return of(FORMER, replace(PUSHED, previous=builds.INPUTS), wanted)


def listed(*former: Input) -> tuple[Reason, ...]:
    return of(FORMER, replace(PUSHED, previous=(*builds.INPUTS, *former)))


def replaced(text: str) -> tuple[Reason, ...]:
    asked = PlanOptions(replace=(Address.parse("context.c"),))
    return why(text, text, asked)


def waiting() -> tuple[Reason, ...]:
    far = Unreachable("no", Cause("No", "No."))
    return unclear.changes(builder_b=far)["build.base"].reasons


def unbuildable() -> tuple[Reason, ...]:
    """Why a build waits whose builder is not in the configuration, and does not answer."""
    wanted = desired(BUILD)
    (resource,) = wanted.resources.values()
    facts = BuildFacts((), builder_problem=Cause("No builder", "It is off."))
    observed = {resource.address: Present({}, facts=facts)}
    options = PlanOptions()
    outcome = diff(wanted, State("l"), observed, CATALOG, options)
    return outcome.changes[resource.address].reasons


def picture(known: Record | None, live: Absent | Present | Unreachable) -> tuple[Reason, ...]:
    change, _ = pictures.change(pictures.wanted(), known, live)
    assert change is not None
    return change.why


def lost_block(live: Absent | Present | Unreachable) -> tuple[Reason, ...]:
    change, _ = pictures.change(None, pictures.record(), live)
    assert change is not None
    return change.why


def begun() -> tuple[Reason, ...]:
    world = World()
    world.begin(desired(ENVD.replace("MORE", "")))
    (change,) = world.plan(desired("")).changes
    return change.why


def heir() -> tuple[Reason, ...]:
    old, new = Address.parse("builder.old"), Address.parse("builder.new")
    wanted = {new: pictures.wanted(new)}
    outcome = diff(
        DesiredState(wanted),
        State("l", 1, {old: pictures.record(old)}),
        {new: Present(pictures.WANTED), old: Present(pictures.WANTED)},
        pictures.CATALOG,
        PlanOptions(),
    )
    return outcome.changes[old].why


def strangers(**world: object) -> tuple[Reason, ...]:
    found = ownership.taken()
    for name, value in world.items():
        setattr(found, name, value)
    wanted = ownership.box() if world else desired("")
    (change,) = found.plan(wanted).changes
    return change.why


def needed(target: str) -> tuple[Reason, ...]:
    """Why a builder and its context go, where -target names the builder."""
    text = HERE + 'context "c" {\n builder = builder.far\n}\n'
    world = World()
    world.apply(desired(text))
    only = PlanOptions(destroy=True, targets=(Address.parse("builder.far"),))
    changes = {str(one.address): one for one in world.plan(desired(text), only).changes}
    return changes[target].why


def changed_outside() -> tuple[Reason, ...]:
    world, wanted = World(), desired(ENVD.replace("MORE", ""))
    world.apply(wanted)
    world.live = {key: {**one, "runner": "envd-server"} for key, one in world.live.items()}
    (change,) = world.plan(wanted, REFRESH).changes
    return change.why


def moved_tag(digest: str, record: Record | None) -> tuple[Reason, ...]:
    found = {"r:5000/a/x": ImageFound(DIGEST, builds.NOW)}
    return of(record, replace(PUSHED, tags={TAG: ImageFound(digest)}, found=found))


def renamed(block: str) -> tuple[Reason, ...]:
    world = World()
    world.apply(named("z1"))
    (change,) = world.plan(desired(block)).changes
    return change.why


def rotate() -> tuple[Reason, ...]:
    return rotated.decided(rotated.wanted("new")).reasons


def unsealed() -> tuple[Reason, ...]:
    return rotated.decided(rotated.wanted(), replace(rotated.KNOWN, seal=None)).why


def image(code: Code, *more: object, **fields: object) -> Reason:
    return Reason(code, "image", TAG, *more, **fields)  # type: ignore[arg-type]  # a shortcut


UNDECLARED = Reason(Code.UNDECLARED)
MOVED = ENVD.replace('"c"', '"d"').replace("MORE", 'name = "c"')
MOVE = "moved {\n from = context.c\n to = context.d\n}\n"
REMOVED = "removed {\n from = context.c\n destroy = false\n}\n"
PLAIN, PROTECTED = (
    ENVD.replace("MORE", one) for one in ("", "lifecycle { prevent_destroy = true }")
)
SOURCE_FOLLOWS = replace(PUSHED, source={"path": "/former"})

MADE: Mapping[Code, tuple[Callable[[], tuple[Reason, ...]], Reason]] = {
    Code.ABSENT: (lambda: why("", PLAIN), Reason(Code.ABSENT)),
    Code.ATTRIBUTE_CHANGED: (
        lambda: lives({**pictures.WANTED, "size": 2}),
        Reason(Code.ATTRIBUTE_CHANGED, "attribute", "size", Turn.CHANGED, 2, 1),
    ),
    Code.ATTRIBUTE_FIXED: (
        lambda: why(POD, POD.replace("1Gi", "2Gi")),
        Reason(
            Code.ATTRIBUTE_FIXED,
            "attribute",
            "storage.size",
            Turn.CHANGED,
            {"storage.size": "1Gi"},
            {"storage.size": "2Gi"},
        ),
    ),
    Code.PLACE_CHANGED: (
        lambda: lives({**pictures.WANTED, "name": "m"}),
        Reason(Code.PLACE_CHANGED, "attribute", "name", Turn.CHANGED, {"name": "m"}, {"name": "n"}),
    ),
    Code.TYPE_CHANGED: (
        lambda: why(FAR, HERE),
        Reason(Code.TYPE_CHANGED, before="tcp", after="docker-container"),
    ),
    Code.CHANGED_OUTSIDE: (changed_outside, Reason(Code.CHANGED_OUTSIDE)),
    Code.REMOVED_OUTSIDE: (
        lambda: why(PLAIN, PLAIN, REFRESH, gone=True),
        Reason(Code.REMOVED_OUTSIDE),
    ),
    Code.NEVER_BUILT: (
        lambda: of(None, replace(PUSHED, tags={TAG: ImageMissing()}, recorded=None)),
        Reason(Code.NEVER_BUILT),
    ),
    Code.INPUT_CHANGED: (
        lambda: listed(Input("file", "old.py", "1")),
        Reason(Code.INPUT_CHANGED, "file", "old.py", Turn.REMOVED),
    ),
    Code.SENSITIVE_CHANGED: (rotate, Reason(Code.SENSITIVE_CHANGED, "arg", "TOKEN", Turn.CHANGED)),
    Code.INPUTS_CHANGED: (listed, Reason(Code.INPUTS_CHANGED)),
    Code.INPUTS_UNLISTED: (lambda: of(FORMER, PUSHED), Reason(Code.INPUTS_UNLISTED)),
    Code.INPUT_UNKNOWN: (
        lambda: of(SAME, PUSHED, {**builds.WANTED, "args": {"A": UNKNOWN}}),
        Reason(Code.INPUT_UNKNOWN, "arg", "A"),
    ),
    Code.INPUT_FOLLOWS: (
        lambda: of(SAME, SOURCE_FOLLOWS, {**builds.WANTED, "path": "/p"}),
        Reason(Code.INPUT_FOLLOWS, "attribute", "path"),
    ),
    Code.SOURCE_UNKNOWN: (lambda: of(SAME, BuildFacts(None)), Reason(Code.SOURCE_UNKNOWN)),
    Code.SOURCE_UNREADABLE: (
        lambda: of(SAME, BuildFacts(None, problem="No Dockerfile.")),
        Reason(Code.SOURCE_UNREADABLE, detail="No Dockerfile."),
    ),
    Code.TAGS_UNKNOWN: (
        lambda: of(None, BuildFacts(FILES), {**builds.WANTED, "tags": UNKNOWN}),
        Reason(Code.TAGS_UNKNOWN),
    ),
    Code.STEPS_ANEW: (offered, Reason(Code.STEPS_ANEW)),
    Code.SENSITIVE_UNKNOWN: (unsealed, Reason(Code.SENSITIVE_UNKNOWN, "input", "args.TOKEN")),
    Code.IMAGE_LOST: (
        lambda: of(SAME, replace(PUSHED, tags={TAG: ImageMissing()}, recorded=ImageMissing())),
        Reason(Code.IMAGE_LOST, "image", before=DIGEST),
    ),
    Code.IMAGE_DAMAGED: (
        lambda: of(SAME, replace(PUSHED, tags={TAG: LOST}, recorded=LOST)),
        image(Code.IMAGE_DAMAGED, before=LOST.lost),
    ),
    Code.IMAGE_FOREIGN: (
        lambda: of(None, replace(PUSHED, recorded=None)),
        image(Code.IMAGE_FOREIGN),
    ),
    Code.TAG_MISSING: (
        lambda: of(SAME, replace(PUSHED, tags={TAG: ImageMissing()})),
        image(Code.TAG_MISSING, Turn.ADDED, None, DIGEST),
    ),
    Code.TAG_MOVED: (
        lambda: moved_tag(OTHER, SAME),
        image(Code.TAG_MOVED, Turn.CHANGED, OTHER, DIGEST),
    ),
    Code.TAG_ELSEWHERE: (
        lambda: moved_tag(OTHER, None),
        image(Code.TAG_ELSEWHERE, Turn.CHANGED, OTHER, DIGEST),
    ),
    Code.TAG_DAMAGED: (
        lambda: of(
            None,
            BuildFacts(
                FILES, tags={TAG: LOST}, found={"r:5000/a/x": ImageFound(DIGEST, builds.NOW)}
            ),
        ),
        image(Code.TAG_DAMAGED, None, LOST.lost, DIGEST),
    ),
    Code.OUTPUT_MISSING: (
        lambda: written(None),
        Reason(Code.OUTPUT_MISSING, "output", "/o", Turn.REMOVED),
    ),
    Code.OUTPUT_CHANGED: (
        lambda: written("x", Strayed("a")),
        Reason(Code.OUTPUT_CHANGED, "output", "/o/a", Turn.CHANGED),
    ),
    Code.OUTPUT_UNKNOWN: (unrecorded, Reason(Code.OUTPUT_UNKNOWN, "output", "/o")),
    Code.NOT_LOADED: (lambda: kept_in_engine(ImageMissing()), image(Code.NOT_LOADED)),
    Code.LOADED_OTHER: (
        lambda: kept_in_engine(ImageFound(OTHER)),
        image(Code.LOADED_OTHER, before=OTHER),
    ),
    Code.REPLACE_ASKED: (lambda: replaced(PLAIN), Reason(Code.REPLACE_ASKED)),
    Code.REPLACE_TRIGGERED: (
        lambda: conditions.triggered("context.team", {"runner": "envd-server"}).why,
        Reason(Code.REPLACE_TRIGGERED, "context", "context.team", Turn.CHANGED),
    ),
    Code.DESTROY_ALL: (lambda: why(PLAIN, PLAIN, DESTROY), Reason(Code.DESTROY_ALL)),
    Code.DESTROY_TARGET: (lambda: needed("builder.far"), Reason(Code.DESTROY_TARGET)),
    Code.DESTROY_NEEDED: (
        lambda: needed("context.c"),
        Reason(Code.DESTROY_NEEDED, "builder", "builder.far"),
    ),
    Code.UNDECLARED: (lambda: why(PLAIN, ""), UNDECLARED),
    Code.MOVED: (lambda: why(PLAIN, MOVED + MOVE), Reason(Code.MOVED, before="context.c")),
    Code.DECLARED_AS: (heir, Reason(Code.DECLARED_AS, "builder", "builder.new")),
    Code.KEPT_BY_BLOCK: (lambda: why(PLAIN, REMOVED), Reason(Code.KEPT_BY_BLOCK)),
    Code.IMAGES_STAY: (lambda: why(BUILD, ""), Reason(Code.IMAGES_STAY, because=UNDECLARED)),
    Code.BORROWED: (lambda: why(FAR, ""), Reason(Code.BORROWED, because=UNDECLARED)),
    Code.NAME_TAKEN: (strangers, Reason(Code.NAME_TAKEN)),
    Code.GONE: (lambda: lost_block(Absent()), Reason(Code.GONE)),
    Code.NOTHING_CAME: (begun, Reason(Code.NOTHING_CAME)),
    Code.PROTECTION_CHANGED: (
        lambda: why(PLAIN, PROTECTED),
        Reason(Code.PROTECTION_CHANGED, before=False, after=True),
    ),
    Code.UNRECORDED: (
        lambda: Change(pictures.BUILDER, "kind", Action.ADOPT, after={}).why,
        Reason(Code.UNRECORDED),
    ),
    Code.RECORD_STALE: (
        lambda: picture(None, Present(pictures.WANTED)),
        Reason(Code.RECORD_STALE),
    ),
    Code.TAKEN_OVER: (
        lambda: strangers(state=State.new(), ours=True, strangers=(ownership.LOST,)),
        Reason(Code.TAKEN_OVER),
    ),
    Code.UNREACHABLE: (
        lambda: lost_block(Unreachable("no answer")),
        Reason(Code.UNREACHABLE, detail="no answer"),
    ),
    Code.BUILDER_UNREACHABLE: (
        unbuildable,
        Reason(Code.BUILDER_UNREACHABLE, detail="No builder. It is off."),
    ),
    Code.IMAGE_UNCLEAR: (
        lambda: of(None, replace(PUSHED, tags={TAG: ImageUnclear("401")}, recorded=None)),
        image(Code.IMAGE_UNCLEAR, detail="401"),
    ),
    Code.WAITS: (
        waiting,
        Reason(
            Code.WAITS,
            "builder",
            "builder.b",
            because=Reason(Code.UNREACHABLE, detail="no"),
        ),
    ),
    Code.MORE: (
        lambda: listed(*(Input("file", f"{number:02}", "1") for number in range(SHOWN + 2))),
        Reason(Code.MORE, after=2),
    ),
    Code.TOLD: (lambda: tuple(reasons_from_json((), ["why"])), told("why")),
}


@pytest.mark.parametrize("code", [*Code])
def test_each_code_has_something_that_makes_it(code: Code) -> None:
    make, wanted = MADE[code]
    found = make()
    assert wanted in found, found


@pytest.mark.parametrize("code", [*Code])
def test_a_reason_comes_back_from_json_as_it_was(code: Code) -> None:
    _, one = MADE[code]
    written = json.loads(json.dumps(reason_json(one)))
    assert reasons_from_json([written], worded([one])) == [one]


def test_a_code_that_is_not_known_leaves_its_words() -> None:
    written = {**reason_json(UNDECLARED), "code": "of-tomorrow"}
    assert reasons_from_json([written, reason_json(UNDECLARED)], ["a", "b", "c"]) == [
        told("a"),
        UNDECLARED,
        told("c"),
    ]


def test_no_secret_is_in_a_reason() -> None:
    one = Reason(
        Code.ATTRIBUTE_CHANGED, before=Sensitive("s3cr3t"), after={"key": Sensitive("s3cr3t")}
    )
    assert "s3cr3t" not in repr(one)
    assert "s3cr3t" not in json.dumps(reason_json(one))
    assert reason_json(one)["before"] == {"$envdplan": "sensitive"}


def test_inputs_have_no_digests_in_their_reasons() -> None:
    """What a short file or argument says could be guessed from one."""
    (one,) = (each for each in listed(Input("file", ".env", "d1")) if each.name == ".env")
    assert (one.before, one.after) == (None, None)
