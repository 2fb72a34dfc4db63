"""Contexts, agents, attestations and frontends among the inputs of a build."""

from envdplan.core.plan.inputs import attribute_inputs, explain, unknown_inputs
from envdplan.core.plan.wording import worded
from envdplan.core.state.desired import Resource
from envdplan.core.state.observed import BuildFacts, Input
from envdplan.ground.values import UNKNOWN, Attributes, Sensitive, Value
from envdplan.resources.builds.decide import decide
from envdplan.resources.builds.frontends.dockerfile import TYPE
from tests.unit.plans.test_build_decisions import BUILD


def inputs(**attributes: Value) -> tuple[Input, ...]:
    found = attribute_inputs(TYPE, attributes)
    assert found is not None
    return found


def changes(before: Attributes, after: Attributes) -> tuple[str, ...]:
    return worded(explain(inputs(**before), inputs(**after)))


def test_where_a_folder_lies_does_not_count_but_that_it_is_one() -> None:
    here, there = ({"contexts": {"a": path}} for path in ("/here", "/there"))
    assert changes(here, there) == ()
    assert changes(here, {"contexts": {"a": "docker-image://b"}}) == ("~ contexts.a",)
    assert changes(here, {}) == ("- contexts.a",)


def test_where_an_oci_layout_lies_does_not_count() -> None:
    here, there = ({"contexts": {"a": f"oci-layout:///{path}:1"}} for path in ("b", "c"))
    assert changes(here, there) == ()


def test_the_text_of_an_image_or_a_url_counts() -> None:
    one, two = ({"contexts": {"a": f"docker-image://b:{tag}"}} for tag in (1, 2))
    assert changes(one, two) == ("~ contexts.a",)


def test_ids_of_agents_count_and_where_they_are_does_not() -> None:
    one, two = ({"ssh": ({"id": "a", "paths": (path,)},)} for path in ("/k", "/l"))
    assert changes(one, two) == ()
    assert changes(one, {"ssh": ({"id": "b"},)}) == ("- ssh a", "+ ssh b")


def test_attestations_and_their_options_count() -> None:
    one, two = ({"attest": ({"type": "provenance", "mode": m},)} for m in ("min", "max"))
    assert changes(one, two) == ("~ attestation provenance",)
    assert changes({}, two) == ("+ attestation provenance",)


def test_the_frontend_counts() -> None:
    assert changes({}, {"syntax": "a"}) == ("+ syntax",)
    assert changes({"frontend": "a"}, {"frontend": "b"}) == ("~ frontend",)


def test_an_unknown_context_defers_what_there_is_to_say() -> None:
    attributes: Attributes = {"contexts": {"a": UNKNOWN, "b": "/b"}}
    assert attribute_inputs(TYPE, attributes) is None
    assert unknown_inputs(TYPE, attributes) == ("contexts.a",)
    facts = BuildFacts(files=(Input("context-file", "b:x", "1"),))
    resource = Resource(BUILD, "dockerfile", attributes)
    change = decide(TYPE, resource, attributes, None, facts)
    assert worded(change.reasons) == ("contexts.a is known after apply",)
    assert change.inputs is None


def test_whole_maps_and_lists_may_be_unknown_or_sensitive() -> None:
    for name in ("args", "contexts", "ssh", "attest"):
        assert attribute_inputs(TYPE, {name: UNKNOWN}) is None
    assert unknown_inputs(TYPE, {"ssh": ({"id": UNKNOWN},)}) == ("ssh *",)
    (secret,) = set(inputs(args=Sensitive({"A": "1"}))) - set(inputs())
    assert secret == Input("arg", "*", "sensitive")
