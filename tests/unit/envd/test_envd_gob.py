"""Streams in these tests were written by Go's encoding/gob, except where they are broken."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdplan.clients.envd.gob import GobInterface, GobMap, read
from envdplan.clients.envd.gobtypes import Basic, Field, Slice, Struct
from envdplan.clients.envd.gobwire import (
    CorruptGob,
    MessageReader,
    int_bytes,
    message_bytes,
    uint_bytes,
)
from envdplan.clients.envd.gobwriter import slice_definition, struct_definition

# Every kind of type, maps of structs, pointers to pointers, a struct that holds itself, and an
# interface whose type is defined in the middle of the value.
EVERYTHING = bytes.fromhex(
    "ff93ff810301010a45766572797468696e6701ff820001120101420102000101490104000101550106000101460108"
    "000102463301080001024279010a00010153010c00010143010e000102416e01100001014d01ff840001024d7301ff"
    "880001014101ff8a0001015001040001014e01ff820001014c01ff8c000102535301ff90000102427301ff92000102"
    "456d01ff940000001eff830401010e6d61705b737472696e675d696e7401ff8400010c0104000028ff87040101176d"
    "61705b737472696e675d6d61696e2e436f6e7465787401ff8800010c01ff86000051ff85030102ff8600010501044e"
    "616d65010c0001074275696c646572010c00010e4275696c64657241646472657373010c00010652756e6e6572010c"
    "00010d52756e6e657241646472657373010c00000018ff89010101085b335d696e74313601ff8a0001040106000021"
    "ff8b020101125b5d2a6d61696e2e45766572797468696e6701ff8c0001ff82000019ff8f0201010a5b5d5b5d737472"
    "696e6701ff900001ff8e00000cff8d020102ff8e00010c000014ff91020101065b5d626f6f6c01ff92000102000024"
    "ff9303010110737472756374207b205820696e74207d01ff9400010101015801040000004aff82010101fd0222df01"
    "fe012c01fd40314001fee0bf010200ff0103c3a90001fef83fffc0010a6d61696e2e496e6e6572ff9503010105496e"
    "6e657201ff9600010101014b010c00000048ff960401016b0001010161010101017801016e000103020005010e0102"
    "020a030000000600000102030209030000000600000c030000000600000102020161000001020100010000"
)
INTERFACES = bytes.fromhex(
    "0cff99020102ff9a00011000003eff9a000703696e740402000206737472696e670c05000374776f0a6d61696e2e49"
    "6e6e6572ff9503010105496e6e657201ff9600010101014b010c0000001eff9608010574687265650000055b5d696e"
    "74ff9b020102ff9c000104000029ff9c040002080a096d61696e2e44656570ff9d030101044465657001ff9e000101"
    "010156011000000034ff9e16010a6d61696e2e496e6e6572ff960601037369780000096d61696e2e44656570ff9e0e"
    "01055b5d696e74ff9c0300010e00"
)
# envd's cache.status, whose top-level value is no struct.
CACHE_STATUS = bytes.fromhex("0eff85040102ff8600010c0102000004ff860000")
WHOLE = [
    ("0304000a", 5),
    ("060c0003686579", "hey"),
    ("0eff97040102ff9800010c0102000007ff980001017801", GobMap((("x", True),))),
    (
        "0cff9f020102ffa0000104000018ffa00004f8fffffffffffffffff8fffffffffffffffe0100",
        [-(2**63), 2**63 - 1, -1, 0],
    ),
    ("0cffa1020102ffa2000106000011ffa20004f8ffffffffffffffff007fff80", [2**64 - 1, 0, 127, 128]),
    (
        "0cffa3020102ffa400010800001dffa4000500fef03ffef0bff89c7500883ce4377ef80100000000000000",
        [0.0, 1.0, -1.0, 1e300, 5e-324],
    ),
]


def test_every_kind_of_type_is_read() -> None:
    empty = {"A": [0, 0, 0], "Em": {}}
    assert read(EVERYTHING).value == {
        "B": True,
        "I": -70000,
        "U": 300,
        "F": 17.25,
        "F3": -0.5,
        "By": b"\x00\xff",
        "S": "é\x00",
        "C": 1.5 - 2j,
        "An": GobInterface("main.Inner", {"K": "k"}),
        "M": GobMap((("a", -1),)),
        "Ms": GobMap((("x", {"Name": "n"}),)),
        "A": [1, 0, -3],
        "P": 7,
        "N": {"I": 1, **empty},
        "L": [{"U": 2, **empty}, empty],
        "SS": [["a", ""], []],
        "Bs": [True, False],
        "Em": {},
    }


@pytest.mark.parametrize(("stream", "value"), WHOLE)
def test_values_that_are_no_structs_are_read(stream: str, value: object) -> None:
    assert read(bytes.fromhex(stream)).value == value


def test_interfaces_bring_their_types_with_them() -> None:
    assert read(INTERFACES).value == [
        GobInterface("int", 1),
        GobInterface("string", "two"),
        GobInterface("main.Inner", {"K": "three"}),
        None,
        GobInterface("[]int", [4, 5]),
        GobInterface("main.Deep", {"V": GobInterface("main.Inner", {"K": "six"})}),
        GobInterface("main.Deep", {"V": GobInterface("[]int", [7])}),
    ]


def test_an_empty_map_at_the_top_is_read() -> None:
    assert read(CACHE_STATUS).value == GobMap(())


@pytest.mark.parametrize(
    ("stream", "reason", "truncated"),
    [
        ("", "EOF", True),
        ("0cffa1020102ffa200010600", "unexpected EOF", True),
        ("0cffa1020102ffa20001060000", "unexpected EOF", True),
        ("0cffa1020102ffa20001060000" * 2, "duplicate type received", False),
        ("03ff8000", "unknown type id or corrupted data", False),
        ("fff7010203", "encoded unsigned integer out of range", False),
        ("0304010a", "decode: corrupted data: non-zero delta for singleton", False),
        ("060c0063686579", "bad string slice length: 99", False),
    ],
)
def test_a_malformed_stream_gives_the_reason_of_go(
    stream: str, reason: str, *, truncated: bool
) -> None:
    with pytest.raises(CorruptGob) as caught:
        read(bytes.fromhex(stream.replace("fff701", "f701")))
    assert caught.value.reason == reason
    assert caught.value.truncated is truncated
    assert reason in caught.value.detail


def test_a_type_that_holds_itself_without_end_is_refused() -> None:
    definition = slice_definition(65, "T", Slice(65))
    nested = message_bytes(65, b"\0" + b"\1" * 100_000)
    with pytest.raises(CorruptGob, match="nested more than"):
        read(definition + nested)


def test_a_count_alone_makes_no_work() -> None:
    # A slice and a map of 2**60 structs without a byte to hold them.
    struct = struct_definition(66, Struct("S", (Field("X", Basic.INT),)))
    for definition in ("0202ff840000", "0402ff8401ff840000"):
        many = message_bytes(-65, bytes.fromhex(definition))
        started = time.perf_counter()
        with pytest.raises(CorruptGob, match="length exceeds input size"):
            read(struct + many + message_bytes(65, b"\0" + uint_bytes(2**60)))
        assert time.perf_counter() - started < 0.5


@given(st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read(data)
    except CorruptGob as error:
        assert error.reason  # noqa: PT017  either outcome is right


@given(st.sampled_from([EVERYTHING, INTERFACES]), st.data())
def test_a_damaged_stream_is_read_or_refused(stream: bytes, data: st.DataObject) -> None:
    damaged = bytearray(stream)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    started = time.perf_counter()
    try:
        read(bytes(damaged))
    except CorruptGob as error:
        assert error.reason  # noqa: PT017  either outcome is right
    assert time.perf_counter() - started < 1


@given(st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1))
def test_integers_read_back_as_written(unsigned: int, signed: int) -> None:
    reader = MessageReader(message_bytes(1, uint_bytes(unsigned) + int_bytes(signed)))
    assert reader.next_message()
    assert (reader.int(), reader.uint(), reader.int()) == (1, unsigned, signed)
    assert reader.left == 0
