"""States as bytes: everything comes back but secrets, and nothing broken is taken."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from envdplan.core.state.recorded import Pending, Record, State
from envdplan.core.state.statefile import decode, encode
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import CorruptFile
from envdplan.ground.values import UNKNOWN, Sensitive, SetValue, Value

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "state.schema.json").read_text())

names = st.text(st.characters(codec="utf-8", exclude_characters='.[]"'), min_size=1, max_size=8)
addresses = st.builds(
    Address,
    st.sampled_from(list(type(Address.parse("build.x").kind))),
    names,
    st.none() | st.text(),
)
plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False)
)
values: st.SearchStrategy[Value] = st.recursive(
    plain | st.just(UNKNOWN) | st.just(Sensitive(None)),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=3).map(SetValue)
        | st.dictionaries(st.text(max_size=5) | st.just("$envdplan"), inner, max_size=3)
    ),
    max_leaves=8,
)
attributes = st.dictionaries(st.text(max_size=5), values, max_size=4)
records = st.builds(
    Record, addresses, names, attributes, st.lists(addresses, max_size=3).map(tuple), st.booleans()
)
pendings = st.builds(Pending, addresses, names, names, names, attributes)
states = st.builds(
    lambda lineage, serial, some, begun, outputs: State(
        lineage,
        serial,
        {one.address: one for one in some},
        {one.address: one for one in begun},
        outputs,
    ),
    names,
    st.integers(0, 10**6),
    st.lists(records, max_size=3),
    st.lists(pendings, max_size=2),
    attributes,
)


@settings(max_examples=200, deadline=None)
@given(states)
def test_a_state_comes_back_as_it_was(state: State) -> None:
    data = encode(state)
    Draft202012Validator(SCHEMA).validate(json.loads(data))
    assert decode(data, "state.json", "") == state


def test_secrets_are_not_written() -> None:
    address = Address.parse("builder.b")
    record = Record(address, "tcp", {"tls": {"key": Sensitive("s3cr3t")}})
    data = encode(State("l", 1, {address: record}, outputs={"o": Sensitive("s3cr3t")}))
    assert b"s3cr3t" not in data


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_what_is_no_state_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptFile):
        decode(data, "state.json", "Fix it.")


@settings(max_examples=200, deadline=None)
@given(states, st.data())
def test_any_changed_byte_is_noticed(state: State, data: st.DataObject) -> None:
    good = encode(state)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
    try:
        found = decode(bad, "state.json", "")
    except CorruptFile:
        return
    assert found == state  # a byte between the parts


def test_a_newer_format_asks_for_an_upgrade() -> None:
    data = encode(State("l")).replace(b'"format_version": 1', b'"format_version": 2')
    with pytest.raises(CorruptFile, match="newer envdplan"):
        decode(data, "state.json", "")
