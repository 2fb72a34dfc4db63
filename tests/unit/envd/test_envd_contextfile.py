import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdplan.clients.envd.contextfile import decode, encode, inspect
from envdplan.clients.envd.contexts import DEFAULT, Context, ContextSet
from envdplan.clients.envd.contexttypes import DEFINITIONS
from envdplan.clients.envd.gobtypes import Basic, Field, Slice, Struct
from envdplan.clients.envd.gobwire import CorruptGob, message_bytes, string_bytes
from envdplan.clients.envd.gobwriter import (
    slice_bytes,
    slice_definition,
    struct_bytes,
    struct_definition,
)
from envdplan.ground.diagnostics import Refused

# What envd 1.3.6 wrote on its first start.
REAL = bytes.fromhex(
    "327f0301010b456e7664436f6e7465787401ff80000102010743757272656e74010c000108436f6e74657874730"
    "1ff840000001eff830201010f5b5d74797065732e436f6e7465787401ff840001ff8200005aff8103010107436f"
    "6e7465787401ff8200010501044e616d65010c0001074275696c646572010c00010e4275696c646572416464726"
    "57373010c00010652756e6e6572010c00010d52756e6e657241646472657373010c0000003dff80010764656661"
    "756c740101010764656661756c74010b6d6f62792d776f726b6572010e656e76645f6275696c646b69746401066"
    "46f636b65720000"
)
TWO = ContextSet(
    "far",
    (
        Context("default", "docker-container", "envd_buildkitd"),
        Context("far", "tcp", "10.0.0.1:8888", "envd-server", "http://envd.example.com:8080"),
    ),
)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
contexts = st.builds(Context, texts, texts, texts, texts, st.none() | texts)
context_sets = st.builds(ContextSet, texts, st.lists(contexts, min_size=1, max_size=6).map(tuple))


def stored(
    current: str | None,
    fields: list[str],
    values: list[list[str | None]],
    *,
    ids: tuple[int, int, int] = (100, 70_000, 64),
) -> bytes:
    """A store with the given fields in the definition of a context, definitions last to first."""
    top, element, many = ids
    definitions = [
        struct_definition(element, Struct("Context", tuple(Field(f, 6) for f in fields))),
        slice_definition(many, "[]types.Context", Slice(element)),
        struct_definition(
            top, Struct("EnvdContext", (Field("Contexts", many), Field("Current", Basic.STRING)))
        ),
    ]
    rows = [struct_bytes([_sent(text) for text in row]) for row in values]
    value = struct_bytes([slice_bytes(rows) if rows else None, _sent(current)])
    return b"".join(definitions) + message_bytes(top, value)


def _sent(text: str | None) -> bytes | None:
    return string_bytes(text) if text is not None else None


def test_the_store_of_a_first_start_is_read_and_written_byte_for_byte() -> None:
    assert decode(REAL) == DEFAULT
    assert encode(DEFAULT) == REAL
    assert REAL.startswith(DEFINITIONS)
    assert len(DEFINITIONS) == 173


def test_a_long_store_has_a_length_of_several_bytes() -> None:
    length = len(encode(TWO)) - 173 - 2
    assert encode(TWO)[173:176] == bytes([0xFF, length, 0xFF])
    assert decode(encode(TWO)) == TWO


@given(context_sets)
def test_contexts_read_back_as_written(some: ContextSet) -> None:
    assert decode(encode(some)) == some


def test_bytes_that_are_no_unicode_survive() -> None:
    data = encode(TWO).replace(b"10.0.0.1", b"10.\xff.\xfe.1")
    assert encode(decode(data)) == data


def test_any_ids_order_and_unknown_fields_are_read() -> None:
    fields = ["Extra", "RunnerAddress", "Runner", "BuilderAddress", "Builder", "Name"]
    data = stored("b", fields, [["?", None, "docker", "x", "tcp", "a"], ["?", "r", *"sytb"]])
    assert decode(data) == ContextSet(
        "b", (Context("a", "tcp", "x", "docker"), Context("b", "t", "y", "s", "r"))
    )


def test_what_follows_the_first_value_is_not_looked_at() -> None:
    assert decode(REAL + b"\xff\x00garbage") == DEFAULT


def test_one_context_is_laid_over_the_default_one() -> None:
    assert decode(stored("a", ["Name"], [["a"]])).contexts == (
        Context("a", "moby-worker", "envd_buildkitd", "docker"),
    )


def test_two_contexts_are_not_laid_over_the_default_one() -> None:
    assert decode(stored("a", ["Name"], [["a"], ["b"]])).contexts == (
        Context("a", "", "", ""),
        Context("b", "", "", ""),
    )


def test_a_store_without_contexts_or_current_means_the_default() -> None:
    assert decode(stored(None, ["Name"], [])) == DEFAULT


def test_the_first_context_of_a_name_counts_and_the_user_is_told() -> None:
    twice = ContextSet("a", (Context("a", "tcp", "1"), Context("a", "tcp", "2")))
    decoded = inspect(encode(twice))
    assert decoded.contexts.find("a") == twice.contexts[0]
    assert [one.summary for one in decoded.warnings] == ["Two contexts of one name in the store"]


def test_a_current_context_that_does_not_exist_is_told() -> None:
    decoded = inspect(encode(ContextSet("gone", TWO.contexts)))
    assert [one.summary for one in decoded.warnings] == ["No current context"]
    assert '"gone"' in decoded.warnings[0].detail


def test_a_healthy_store_is_not_commented_on() -> None:
    assert inspect(REAL).warnings == ()


def test_addresses_of_envd_0_2_0_are_saved_and_told() -> None:
    data = stored(
        "b",
        ["Name", "Builder", "BuilderSocket"],
        [["default", "docker-container", "envd_buildkitd"], ["b", "tcp", "10.0.0.1:8888"]],
    )
    decoded = inspect(data)
    assert decoded.contexts == ContextSet(
        "b",
        (
            Context("default", "docker-container", "envd_buildkitd", "docker"),
            Context("b", "tcp", "10.0.0.1:8888", "docker"),
        ),
    )
    assert decoded.outdated
    assert "0.2.0" in decoded.warnings[0].detail


@pytest.mark.parametrize("length", range(235))
def test_a_store_cut_off_anywhere_is_corrupt_and_truncated(length: int) -> None:
    with pytest.raises(CorruptGob) as caught:
        decode(REAL[:length])
    assert caught.value.truncated
    assert caught.value.reason == ("unexpected EOF" if length else "EOF")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"contexts: []\n", "unexpected EOF"),
        (REAL[:51] + REAL, "duplicate type received"),
        (REAL[173:], "unknown type id or corrupted data"),
        (REAL.replace(b"\x07Builder\x01\x0c", b"\x07Builder\x01\x04"), "wrong type"),
        (REAL.replace(b"\x07Current\x01\x0c", b"\x07Current\x01\x04"), "wrong type"),
        (REAL.replace(b"\x01\xff\x82\x00\x00\x5a", b"\x01\xff\x90\x00\x00\x5a"), "non-struct"),
        (REAL.replace(b"Current", b"Curr\0nt").replace(b"Contexts", b"Contextz"), "no fields"),
        (bytes.fromhex("0eff85040102ff8600010c0102000004ff860000"), "non-struct"),
    ],
)
def test_a_store_that_envd_refuses_is_corrupt(data: bytes, reason: str) -> None:
    with pytest.raises(CorruptGob) as caught:
        decode(data)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("some", "problem"),
    [
        (ContextSet("default", ()), "without contexts"),
        (ContextSet("", TWO.contexts), "current context needs a name"),
        (ContextSet("a", (Context("a", "tcp", ""),)), "builder address"),
        (ContextSet("a", (Context("", "tcp", "x"),)), "The name"),
        (ContextSet("a", (Context("a", "", "x"),)), "The builder"),
        (ContextSet("a", (Context("a", "tcp", "x", ""),)), "The runner"),
        (ContextSet("a", (Context("a", "tcp", "x", "docker", ""),)), "leave it out"),
        (ContextSet("a", (Context("a\ud800", "tcp", "x"),)), "not valid Unicode"),
    ],
)
def test_what_would_read_back_differently_is_refused(some: ContextSet, problem: str) -> None:
    with pytest.raises(Refused) as caught:
        encode(some)
    assert problem in caught.value.detail
    caught.value.detail.encode()


def test_empty_texts_beside_another_context_are_kept() -> None:
    some = ContextSet("a", (Context("a", "moby-worker", ""), Context("", "tcp", "x")))
    assert decode(encode(some)) == some


def test_a_store_of_very_many_contexts_takes_time_in_proportion() -> None:
    count = 20_000
    rows = slice_bytes([b"\1\3%03d\0" % (number % 1000) for number in range(count)])
    data = DEFINITIONS + message_bytes(64, struct_bytes([None, rows]))
    started = time.perf_counter()
    decoded = inspect(data)
    assert time.perf_counter() - started < 2
    assert len(decoded.contexts.contexts) == count
    assert len(decoded.warnings) == 1001


@given(context_sets, st.data())
def test_a_damaged_store_is_read_or_refused_in_no_time(
    some: ContextSet, data: st.DataObject
) -> None:
    damaged = bytearray(encode(some))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        width = data.draw(st.integers(0, 3))
        damaged[place : place + width] = data.draw(st.binary(max_size=4))
        if not damaged:
            break
    started = time.perf_counter()
    try:
        decode(bytes(damaged))
    except CorruptGob as error:
        assert error.reason  # noqa: PT017  either outcome is right
    assert time.perf_counter() - started < 1
