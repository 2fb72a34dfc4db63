"""Sensitive inputs: another value is seen where the state knows the former, and guessed nowhere."""

from dataclasses import replace

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.core.engine.events import Succeeded
from envdplan.core.engine.record import record
from envdplan.core.plan.changes import Action, Change, Work
from envdplan.core.plan.inputs import (
    attribute_inputs,
    entries_digest,
    inputs_digest,
    sensitive_inputs,
)
from envdplan.core.plan.wording import worded
from envdplan.core.state.desired import Resource
from envdplan.core.state.observed import BuildFacts, ImageFound, ImageMissing, Input
from envdplan.core.state.recorded import Record, State
from envdplan.core.state.seals import seal
from envdplan.core.state.statefile import decode, encode
from envdplan.ground.addresses import Address
from envdplan.ground.values import Attributes, Sensitive, Value
from envdplan.resources.builds.decide import decide
from envdplan.resources.builds.frontends.dockerfile import TYPE

BUILD = Address.parse("build.x")
TAG = "r:5000/a/x:1"
DIGEST, OTHER = ("sha256:" + digit * 64 for digit in "12")
FILES = (Input("file", "a.txt", "f1"),)
PUSH: Attributes = {"tags": (TAG,), "output": ({"type": "image", "push": True},)}


def wanted(token: str = "old", **more: Value) -> Attributes:
    return {**PUSH, "args": {"TOKEN": Sensitive(token)}, **more}


def key_of(attributes: Attributes) -> str:
    return inputs_digest(attribute_inputs(TYPE, attributes) or (), entries_digest(FILES))


NOW = key_of(wanted())
PUSHED = BuildFacts(FILES, tags={TAG: ImageFound(DIGEST)}, recorded=ImageFound(DIGEST))
KNOWN = Record(
    BUILD,
    "dockerfile",
    {**PUSH, "digest": DIGEST, "inputs_digest": NOW, "image": f"r:5000/a/x@{DIGEST}"},
    seal=seal({"args.TOKEN": "old"}, "key"),
)


def decided(
    attributes: Attributes, known: Record | None = KNOWN, facts: BuildFacts = PUSHED
) -> Change:
    return decide(TYPE, Resource(BUILD, "dockerfile", attributes), attributes, known, facts)


def test_the_same_value_plans_nothing() -> None:
    assert decided(wanted()).action is Action.NOOP


def test_another_value_is_built_and_named() -> None:
    found = decided(wanted("new"))
    assert found.work == (Work.BUILD, Work.PUSH)
    assert worded(found.reasons) == ("~ args.TOKEN (sensitive)",)


def test_another_value_beside_another_file_is_named_too() -> None:
    before = (*(attribute_inputs(TYPE, wanted()) or ()), Input("file", "a.txt", "f0"))
    former = replace(KNOWN, attributes={**KNOWN.attributes, "inputs_digest": "0" * 64})
    found = decided(wanted("new"), former, replace(PUSHED, previous=before))
    assert worded(found.reasons) == ("~ args.TOKEN (sensitive)", "~ a.txt")


def test_what_somebody_else_built_since_is_taken() -> None:
    facts = replace(PUSHED, tags={TAG: ImageFound(OTHER, NOW)})
    found = decided(wanted("new"), facts=facts)
    assert (found.action, (found.after or {})["digest"]) == (Action.ADOPT, OTHER)


def test_an_image_with_the_former_value_is_not_found_by_its_inputs() -> None:
    facts = replace(
        PUSHED, tags={TAG: ImageMissing()}, found={"r:5000/a/x": ImageFound(DIGEST, NOW)}
    )
    assert decided(wanted("new"), facts=facts).work == (Work.BUILD, Work.PUSH)


def test_an_engine_that_has_the_former_image_builds() -> None:
    facts = replace(PUSHED, tags={TAG: ImageMissing()}, pushable="sha256:id")
    assert decided(wanted(), facts=replace(facts, recorded=ImageMissing())).work == (Work.PUSH,)
    assert decided(wanted("new"), facts=facts).work == (Work.BUILD, Work.PUSH)


def test_results_on_this_machine_are_made_anew() -> None:
    local = wanted(tags=(), output=({"type": "tar", "dest": "/o"},))
    known = replace(
        KNOWN, attributes={**local, "inputs_digest": key_of(local), "outputs": {"/o": "sig"}}
    )
    facts = BuildFacts(FILES, outputs={"/o": "sig"})
    assert decided(local, known, facts).action is Action.NOOP
    turned = {**local, "args": {"TOKEN": Sensitive("new")}}
    assert worded(decided(turned, known, facts).reasons) == ("~ args.TOKEN (sensitive)",)


def test_results_on_this_machine_are_made_anew_though_a_registry_has_the_image() -> None:
    both = wanted("new", output=(*PUSH["output"], {"type": "tar", "dest": "/o"}))
    known = replace(KNOWN, attributes={**KNOWN.attributes, "outputs": {"/o": "sig"}})
    facts = replace(PUSHED, tags={TAG: ImageFound(OTHER, NOW)}, outputs={"/o": "sig"})
    assert worded(decided(both, known, facts).reasons) == ("/o is not what the build made",)


def test_a_loaded_image_with_the_former_value_is_not_enough() -> None:
    loaded = wanted(output=({"type": "docker"},))
    known = replace(
        KNOWN, attributes={**loaded, "inputs_digest": key_of(loaded), "image_id": DIGEST}
    )
    facts = BuildFacts(FILES, loaded={TAG: ImageFound(DIGEST, key_of(loaded))})
    assert decided(loaded, known, facts).action is Action.NOOP
    turned = {**loaded, "args": {"TOKEN": Sensitive("new")}}
    assert worded(decided(turned, known, facts).reasons) == ("~ args.TOKEN (sensitive)",)
    newer = replace(facts, loaded={TAG: ImageFound(OTHER, key_of(loaded))})
    adopted = decided(turned, known, newer)
    assert (adopted.action, (adopted.after or {})["image_id"]) == (Action.ADOPT, OTHER)


def test_without_a_state_the_name_alone_counts() -> None:
    facts = replace(PUSHED, tags={TAG: ImageFound(DIGEST, NOW)}, recorded=None)
    found = decided(wanted("new"), None, facts)
    assert found.action is Action.ADOPT
    assert (
        "no state tells whether its image was made with the args.TOKEN" in worded(found.reasons)[0]
    )


def test_a_state_of_before_learns_the_values_once() -> None:
    old = replace(KNOWN, seal=None)
    found = decided(wanted(), old)
    assert (found.action, found.work) == (Action.ADOPT, ())
    state = record(State("l", records={BUILD: old}), Succeeded(found, found.after), "", CATALOG)
    assert decided(wanted(), state.records[BUILD]).action is Action.NOOP
    assert decided(wanted("new"), state.records[BUILD]).work == (Work.BUILD, Work.PUSH)


def built(token: str, state: State) -> State:
    change = replace(decided(wanted(token)), work=(Work.BUILD, Work.PUSH))
    results = {"digest": OTHER, "inputs_digest": NOW}
    return record(state, Succeeded(change, {**wanted(token), **results}), "", CATALOG)


def test_a_record_holds_no_value_and_no_digest_that_can_be_made_without_the_state() -> None:
    one, other = (built("hunter2", State.new()) for _ in range(2))
    text = encode(one).decode()
    assert "hunter2" not in text
    digests = [state.records[BUILD].seal.digests for state in (one, other)]  # type: ignore[union-attr]
    assert digests[0]["args.TOKEN"] != digests[1]["args.TOKEN"]
    again = decode(text.encode(), "state", "")
    assert again.records[BUILD].seal == one.records[BUILD].seal
    facts = replace(PUSHED, tags={TAG: ImageFound(OTHER)}, recorded=ImageFound(OTHER))
    assert decided(wanted("hunter2"), again.records[BUILD], facts).action is Action.NOOP


def test_builds_of_one_state_share_a_key() -> None:
    state = built("a", State.new())
    assert built("b", state).key == state.key


def test_a_retag_with_another_value_does_not_make_the_image_newer() -> None:
    """The value can be another one when a saved plan is applied."""
    retag = replace(decided(wanted()), work=(Work.RETAG,), action=Action.UPDATE)
    after = {**wanted("new"), "digest": DIGEST, "inputs_digest": NOW}
    state = record(State("l", records={BUILD: KNOWN}), Succeeded(retag, after), "", CATALOG)
    assert state.records[BUILD].seal == KNOWN.seal


def test_a_mark_without_a_value_is_not_taken_for_a_value() -> None:
    assert sensitive_inputs(TYPE, {"args": {"TOKEN": Sensitive(None)}}) == {}


@pytest.mark.parametrize(
    ("attributes", "names"),
    [
        ({"args": {"A": Sensitive("x"), "B": "y"}}, ["args.A"]),
        ({"args": Sensitive({"A": "x"})}, ["args.*"]),
        ({"labels": {"A": Sensitive("x")}}, ["labels.A"]),
        ({"annotations": {"A": Sensitive("x")}}, ["annotations.A"]),
        ({"triggers": {"A": Sensitive("x")}}, ["triggers.A"]),
        ({"contexts": {"a": Sensitive("https://t@h/x.git")}}, ["contexts.a"]),
        ({"dockerfile_inline": Sensitive("FROM x")}, ["dockerfile_inline"]),
        ({"target": Sensitive("x")}, ["target"]),
        ({"extra_hosts": {"a": Sensitive("1.1.1.1"), "b": "2.2.2.2"}}, ["extra_hosts"]),
        ({"syntax": Sensitive("x")}, ["syntax"]),
        ({"attest": ({"type": "sbom", "generator": Sensitive("x")},)}, ["attestation sbom"]),
        ({"secret": ({"id": "a", "value": Sensitive("x")},)}, []),
        ({"import_cache": ({"type": "registry", "ref": Sensitive("x")},)}, []),
    ],
)  # fmt: skip
def test_every_sensitive_input_is_sealed(attributes: Attributes, names: list[str]) -> None:
    assert list(sensitive_inputs(TYPE, attributes)) == names


def test_what_stands_beside_a_sensitive_part_counts_without_a_state() -> None:
    hosts = {"a": Sensitive("1.1.1.1"), "b": "2.2.2.2"}
    base = attribute_inputs(TYPE, {"extra_hosts": hosts})
    assert attribute_inputs(TYPE, {"extra_hosts": {**hosts, "a": Sensitive("9.9.9.9")}}) == base
    assert attribute_inputs(TYPE, {"extra_hosts": {**hosts, "b": "9.9.9.9"}}) != base


def test_a_folder_counts_by_its_content_though_its_place_is_sensitive() -> None:
    one, other = ({"contexts": {"a": Sensitive(place)}} for place in ("/x", "/y"))
    assert sensitive_inputs(TYPE, one) == sensitive_inputs(TYPE, other)
