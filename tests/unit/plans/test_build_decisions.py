"""Is a build up to date? Every answer, and the reason for it."""

from dataclasses import replace

import pytest

from envdplan.core.plan.changes import Action, Change, Work
from envdplan.core.plan.inputs import attribute_inputs, entries_digest, explain, inputs_digest
from envdplan.core.plan.reasons import Code, Reason
from envdplan.core.plan.wording import worded
from envdplan.core.state.desired import Resource
from envdplan.core.state.observed import (
    BuildFacts,
    ImageFound,
    ImageMissing,
    ImageUnclear,
    Input,
    Strayed,
)
from envdplan.core.state.recorded import Record
from envdplan.ground.addresses import Address
from envdplan.ground.values import UNKNOWN, Attributes, Sensitive
from envdplan.resources.builds.decide import decide
from envdplan.resources.builds.frontends.dockerfile import TYPE

BUILD = Address.parse("build.x")
ASKED = Reason(Code.REPLACE_ASKED)
TAG = "r:5000/a/x:1"
DIGEST = "sha256:" + "1" * 64
OTHER = "sha256:" + "2" * 64
WANTED: Attributes = {
    "tags": (TAG,),
    "output": ({"type": "image", "push": True},),
    "args": {"A": "1"},
}
FILES = (Input("file", "a.txt", "f1"), Input("dockerfile", "Dockerfile", "d1"))
INPUTS = (*(attribute_inputs(TYPE, WANTED) or ()), *FILES)
NOW = inputs_digest(INPUTS[:-2], entries_digest(FILES))
SAME = Record(
    BUILD,
    "dockerfile",
    {**WANTED, "digest": DIGEST, "inputs_digest": NOW, "image": f"r:5000/a/x@{DIGEST}"},
)
FORMER = Record(BUILD, "dockerfile", {**WANTED, "digest": DIGEST, "inputs_digest": "0" * 64})
PUSHED = BuildFacts(FILES, tags={TAG: ImageFound(DIGEST)}, recorded=ImageFound(DIGEST))


def decided(
    record: Record | None,
    facts: BuildFacts,
    attributes: Attributes = WANTED,
    *,
    forced: Reason | None = None,
) -> Change:
    return decide(
        TYPE, Resource(BUILD, "dockerfile", attributes), attributes, record, facts, forced=forced
    )


def test_nothing_changed() -> None:
    assert decided(SAME, PUSHED).action is Action.NOOP


def test_never_built() -> None:
    found = decided(None, replace(PUSHED, tags={TAG: ImageMissing()}, recorded=None))
    assert (found.action, found.work) == (Action.CREATE, (Work.BUILD, Work.PUSH))
    assert worded(found.reasons) == ("it was never built",)


def test_another_machine_built_the_same() -> None:
    facts = replace(PUSHED, tags={TAG: ImageFound(DIGEST, NOW)}, recorded=None)
    found = decided(None, facts)
    assert found.action is Action.ADOPT
    assert (found.after or {})["image"] == f"r:5000/a/x@{DIGEST}"


def test_the_same_image_is_found_by_its_inputs() -> None:
    facts = BuildFacts(
        FILES, tags={TAG: ImageMissing()}, found={"r:5000/a/x": ImageFound(DIGEST, NOW)}
    )
    found = decided(None, facts)
    assert (found.work, found.tags) == ((Work.RETAG,), (TAG,))
    assert found.source == f"r:5000/a/x@{DIGEST}"


def test_a_changed_file_is_named() -> None:
    previous = (*INPUTS[:-2], Input("file", "a.txt", "f0"), Input("file", "gone", "x"), INPUTS[-1])
    found = decided(FORMER, replace(PUSHED, previous=previous))
    assert found.work == (Work.BUILD, Work.PUSH)
    assert worded(found.reasons) == ("~ a.txt", "- gone")


def test_many_changes_are_cut_short() -> None:
    previous = [Input("file", f"f{number}", "x") for number in range(50)]
    found = decided(FORMER, replace(PUSHED, previous=tuple(previous)))
    assert len(worded(found.reasons)) == 11
    assert worded(found.reasons)[-1].startswith("and ")


def test_an_image_that_is_gone_is_built_again() -> None:
    facts = replace(PUSHED, tags={TAG: ImageMissing()}, recorded=ImageMissing())
    found = decided(SAME, facts)
    assert found.work == (Work.BUILD, Work.PUSH)
    assert "push missing" in worded(found.reasons)[0]


def test_an_image_that_lost_a_part_is_built_again() -> None:
    lost = ImageMissing(("linux/arm64 (sha256:1)",))
    reason = f"the registry lost parts of {TAG}: linux/arm64 (sha256:1)"
    facts = replace(PUSHED, tags={TAG: lost}, recorded=lost)
    assert worded(decided(SAME, facts).reasons) == (reason,)
    alone = decided(None, replace(facts, recorded=None, found={"r:5000/a/x": ImageMissing()}))
    assert (alone.work, worded(alone.reasons)) == ((Work.BUILD, Work.PUSH), (reason,))
    found = replace(facts, recorded=None, found={"r:5000/a/x": ImageFound(DIGEST, NOW)})
    assert decided(None, found).work == (Work.RETAG,)
    assert worded(decided(None, found).reasons) == (
        f"{reason}; another of its names has all of them",
    )


def test_an_engine_that_has_it_only_pushes() -> None:
    facts = replace(
        PUSHED, tags={TAG: ImageMissing()}, recorded=ImageMissing(), pushable="sha256:id"
    )
    assert decided(SAME, facts).work == (Work.PUSH,)
    assert decided(SAME, facts, forced=ASKED).work == (Work.BUILD, Work.PUSH)


def test_a_push_alone_brings_nothing_else_back() -> None:
    facts = replace(PUSHED, pushable="sha256:id")
    for lost in (
        replace(facts, loaded={"kept": ImageMissing()}),
        replace(facts, outputs={"/o.tar": None}),
        replace(facts, outputs={"/o.tar": None}, tags={TAG: ImageMissing()}),
    ):
        assert decided(SAME, lost).work == (Work.BUILD, Work.PUSH)


def test_a_new_tag_is_set_and_a_moved_one_set_back() -> None:
    moved = decided(SAME, replace(PUSHED, tags={TAG: ImageFound(OTHER)}))
    assert (moved.work, moved.tags) == ((Work.RETAG,), (TAG,))
    assert "was moved outside of envdplan" in worded(moved.reasons)[0]
    new = "r:5000/a/x:2"
    more = {**WANTED, "tags": (TAG, new)}
    facts = replace(PUSHED, tags={TAG: ImageFound(DIGEST), new: ImageMissing()})
    added = decided(SAME, facts, more)
    assert added.tags == (new,)


@pytest.mark.parametrize("reason", ["401", "timeout"])
def test_no_clear_answer_keeps_what_is_recorded(reason: str) -> None:
    facts = replace(PUSHED, tags={TAG: ImageUnclear(reason)}, recorded=ImageUnclear(reason))
    assert decided(SAME, facts).action is Action.NOOP


def test_another_way_to_write_a_recorded_tag_is_the_same_tag() -> None:
    short, whole = "acme/x:1", "docker.io/acme/x:1"
    recorded = replace(SAME, attributes={**SAME.attributes, "tags": (short,)})
    facts = replace(PUSHED, tags={whole: ImageUnclear("401")}, recorded=ImageUnclear("401"))
    wanted = {**WANTED, "tags": (whole,)}
    assert decided(recorded, facts, wanted).action is Action.ADOPT
    facts = replace(PUSHED, tags={whole: ImageFound(OTHER)}, recorded=ImageFound(DIGEST))
    assert "was moved outside of envdplan" in worded(decided(recorded, facts, wanted).reasons)[0]


def test_no_clear_answer_about_a_tag_that_was_never_pushed_is_waited_for() -> None:
    new = "unreachable:5000/a/x:1"
    facts = replace(PUSHED, tags={new: ImageUnclear("refused.")}, recorded=ImageUnclear("refused."))
    reasons = (f"whether {new} exists is not known: refused.",)
    moved = decided(SAME, facts, {**WANTED, "tags": (new,)})
    assert (moved.action, worded(moved.reasons)) == (Action.DEFER, reasons)
    here = replace(SAME, attributes={**SAME.attributes, "output": (), "tags": (new,)})
    pushed_now = decided(here, facts, {**WANTED, "tags": (new,)})
    assert (pushed_now.action, worded(pushed_now.reasons)) == (Action.DEFER, reasons)
    never = replace(here, attributes={**here.attributes, "digest": None, "image": None})
    assert decided(never, replace(facts, recorded=None)).action is Action.DEFER


def test_no_clear_answer_about_one_of_two_tags_is_waited_for() -> None:
    other = "unreachable:5000/a/x:1"
    facts = BuildFacts(FILES, tags={TAG: ImageFound(DIGEST, NOW), other: ImageUnclear("refused.")})
    assert decided(None, facts, {**WANTED, "tags": (TAG, other)}).action is Action.DEFER


@pytest.mark.parametrize("record", [None, FORMER])
def test_without_a_clear_answer_nothing_counts_as_never_built(record: Record | None) -> None:
    """Another machine may have made it: what has no definite no is waited for."""
    facts = replace(PUSHED, tags={TAG: ImageUnclear("401")}, recorded=None)
    found = decided(record, facts)
    assert found.action is Action.DEFER
    assert found.cause is not None
    assert (found.after or {})["image"] is UNKNOWN
    asked = replace(facts, tags={TAG: ImageMissing()}, found={"r:5000/a/x": ImageUnclear("500")})
    assert decided(record, asked).action is Action.DEFER
    assert decided(record, facts, forced=ASKED).work == (Work.BUILD, Work.PUSH)
    assert decided(record, replace(facts, tags={TAG: ImageMissing()})).work == (
        Work.BUILD,
        Work.PUSH,
    )


def test_a_loaded_image_that_nobody_can_tell_of_is_waited_for() -> None:
    local = {**WANTED, "output": ({"type": "docker"},)}
    facts = BuildFacts(FILES, loaded={TAG: ImageUnclear("no engine")})
    assert decided(None, facts, local).action is Action.DEFER


def test_what_is_only_believed_is_told() -> None:
    facts = replace(PUSHED, tags={TAG: ImageUnclear("401")}, recorded=ImageUnclear("401"))
    assert [name for name, _ in decided(SAME, facts).kept] == [TAG]
    assert decided(SAME, PUSHED).kept == ()


def test_no_clear_answer_hinders_no_build_that_is_asked_for() -> None:
    facts = replace(PUSHED, tags={TAG: ImageUnclear("401")}, recorded=None)
    assert decided(SAME, facts, forced=ASKED).work == (Work.BUILD, Work.PUSH)
    unknown = {**WANTED, "args": {"A": UNKNOWN}}
    assert decided(None, facts, unknown).work == (Work.BUILD, Work.PUSH)


def test_what_is_known_only_after_apply_makes_it_run() -> None:
    unknown = {**WANTED, "args": {"A": UNKNOWN}}
    found = decided(SAME, PUSHED, unknown)
    assert worded(found.reasons) == ("args.A is known after apply",)
    assert found.inputs is None
    assert (found.after or {})["inputs_digest"] is UNKNOWN


@pytest.mark.parametrize("name", ["path", "dockerfile", "dockerfile_inline", "ignore_file"])
def test_a_source_that_is_known_only_after_apply_makes_it_run(name: str) -> None:
    """The files were read by recorded values, and look as if nothing changed."""
    facts = replace(PUSHED, source={name: "former"})
    found = decided(SAME, facts, {**WANTED, name: UNKNOWN})
    assert worded(found.reasons) == (f"{name} is known after apply",)
    assert found.inputs is None
    assert (found.after or {})["inputs_digest"] is UNKNOWN


def test_a_folder_that_is_known_only_after_apply_makes_it_run() -> None:
    facts = replace(PUSHED, source={"contexts.lib": "/former"})
    found = decided(SAME, facts, {**WANTED, "contexts": {"lib": UNKNOWN}})
    assert worded(found.reasons) == ("contexts.lib is known after apply",)


def test_a_folder_that_was_not_known_when_the_source_was_read_makes_it_run() -> None:
    """What was read lacks it; that digest would call the build another than what runs."""
    facts = replace(PUSHED, source={"path": None})
    found = decided(None, facts, {**WANTED, "contexts": {"lib": "/lib"}})
    assert worded(found.reasons) == ("contexts.lib follows what changes before it",)


def test_a_source_that_was_read_where_it_no_longer_is_makes_it_run() -> None:
    facts = replace(PUSHED, source={"path": "/a", "dockerfile_inline": "FROM former"})
    found = decided(SAME, facts, {**WANTED, "path": "/a", "dockerfile_inline": "FROM new"})
    assert worded(found.reasons) == ("dockerfile_inline follows what changes before it",)
    assert found.inputs is None


def test_replace_makes_it_run() -> None:
    assert decided(SAME, PUSHED, forced=ASKED).work == (
        Work.BUILD,
        Work.PUSH,
    )


def test_results_on_this_machine_count() -> None:
    local = {**WANTED, "tags": (), "output": ({"type": "tar", "dest": "/o.tar"},)}
    digest = inputs_digest(attribute_inputs(TYPE, local) or (), entries_digest(FILES))
    known = Record(
        BUILD,
        "dockerfile",
        {**local, "inputs_digest": digest, "outputs": {"/o.tar": "sig"}},
    )
    assert decided(known, BuildFacts(FILES, outputs={"/o.tar": "sig"}), local).action is Action.NOOP
    gone = decided(known, BuildFacts(FILES, outputs={"/o.tar": None}), local)
    assert worded(gone.reasons) == ("/o.tar is not there",)
    other = decided(known, BuildFacts(FILES, outputs={"/o.tar": "x"}), local)
    assert worded(other.reasons) == ("/o.tar is not what the build made",)
    strayed = {"/o.tar": (Strayed("a", gone=True), Strayed("b"))}
    facts = BuildFacts(FILES, outputs={"/o.tar": "x"}, strayed=strayed)
    named = worded(decided(known, facts, local).reasons)
    assert named == ("/o.tar/a is not there", "/o.tar/b is not what the build made")


def test_secrets_and_tags_are_no_inputs() -> None:
    base = attribute_inputs(TYPE, WANTED)
    assert attribute_inputs(TYPE, {**WANTED, "tags": ("other",)}) == base
    assert attribute_inputs(TYPE, {**WANTED, "no_cache": True}) == base
    one = attribute_inputs(TYPE, {**WANTED, "args": {"A": Sensitive("x")}})
    other = attribute_inputs(TYPE, {**WANTED, "args": {"A": Sensitive("y")}})
    assert one == other
    assert one != base


def test_an_explanation_names_every_kind() -> None:
    before = [Input("arg", "A", "1"), Input("link", "l", "1"), Input("dir", "d", "1")]
    now = [Input("arg", "A", "2"), Input("secret", "s", "1"), Input("dockerfile", "D", "1")]
    assert worded(explain(before, now)) == (
        "~ args.A",
        "- d/ (directory)",
        "+ D (Dockerfile)",
        "- l (link)",
        "+ secret s",
    )


@pytest.mark.parametrize(
    ("offer", "text", "anew"),
    [("secret", "d1", True), ("ssh", "d1", True), ("secret", "d2", False)],
)
def test_another_set_of_secrets_runs_all_steps_of_the_same_dockerfile_anew(
    offer: str, text: str, *, anew: bool
) -> None:
    wanted = {**WANTED, offer: ({"id": "a"},)}
    facts = replace(PUSHED, previous=(*INPUTS[:-1], Input("dockerfile", "Dockerfile", text)))
    found = decided(FORMER, facts, wanted)
    assert found.work == (Work.BUILD, Work.PUSH)
    assert found.anew is anew
    assert any("all steps run anew" in one for one in worded(found.reasons)) is anew
