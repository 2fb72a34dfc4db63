"""Saved plans come back as they were, without secrets; broken ones are refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from envdplan.core.plan.changes import Action, Change, Difference, Drift, Work
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.plan import Plan
from envdplan.core.plan.planfile import KIND, VERSION, ModuleTexts, PlanFile, decode, encode
from envdplan.core.plan.promise import check_promise
from envdplan.core.plan.reasons import Code, Reason, Turn, told
from envdplan.core.plan.wording import worded
from envdplan.core.state.observed import Cause, Input
from envdplan.ground.addresses import Address
from envdplan.ground.checksum import seal, unseal
from envdplan.ground.diagnostics import Conflict, CorruptFile
from envdplan.ground.source import SourceFile
from envdplan.ground.values import UNKNOWN, Attributes, Sensitive

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "plan.schema.json").read_text())
BUILDER, BUILD = Address.parse("builder.b"), Address.parse('build.x["k"]')
CAUSE = Cause("Registry cannot be reached", "Nothing listens there.", "r:1")
NO = Reason(Code.UNREACHABLE, detail="no")
PLAN = Plan(
    "lineage",
    7,
    (
        Change(
            BUILDER,
            "tcp",
            Action.REPLACE,
            {"address": "a:1", "tls": {"key": Sensitive(None)}},
            {"address": "b:1", "version": UNKNOWN},
            "unix",
            (Difference(("tls", "key"), Sensitive(None), "x", forces_replacement=True),),
            (told("why"),),
            (),
            prevent_destroy=True,
        ),
        Change(
            BUILD,
            "dockerfile",
            Action.UPDATE,
            after={"tags": ("r/x:1",)},
            reasons=(Reason(Code.INPUT_CHANGED, "file", "a.txt", Turn.CHANGED),),
            depends_on=(BUILDER,),
            work=(Work.BUILD, Work.PUSH),
            inputs=(Input("file", "a.txt", "1"),),
            source="r/x@sha256:1",
            tags=("r/x:1",),
            warned=("It has a localhost of its own.",),
            kept=(("r/x:1", CAUSE),),
        ),
        Change(
            Address.parse("build.y"),
            "dockerfile",
            Action.DEFER,
            reasons=(Reason(Code.UNREACHABLE, detail="no"),),
            cause=CAUSE,
        ),
    ),
    (Drift(BUILDER, (Difference(("address",), "a", "b"),)), Drift(BUILD, gone=True)),
    {"o": UNKNOWN},
    ("o",),
    PlanOptions((BUILD,), (BUILDER,), destroy=True),
)
SAVED = PlanFile(
    PLAN,
    (SourceFile("f.hcl", "locals {}\n", "/p"),),
    {"v": (1, "a")},
    ("password",),
    "/p",
    "0.1.0",
    modules=(ModuleTexts("./m", "/p", "/p/m", (SourceFile("m/m.yaml", "", "/p/m"),)),),
)


def test_a_plan_comes_back_as_it_was() -> None:
    data = encode(SAVED)
    Draft202012Validator(SCHEMA).validate(json.loads(data))
    assert decode(data, "plan") == SAVED


def test_a_plan_of_before_is_still_read() -> None:
    content = unseal(encode(SAVED), KIND, VERSION, "plan", "")
    for change in content["changes"]:
        for name in ("cause", "kept", "warned", "why"):
            del change[name]
    read = decode(seal(KIND, VERSION, content), "plan")
    bare = [_as_before(one) for one in SAVED.plan.changes]
    assert list(read.plan.changes) == bare


def _as_before(one: Change) -> Change:
    words = tuple(map(told, worded(one.reasons)))
    return replace(one, cause=None, kept=(), warned=(), reasons=words)


def test_a_saved_plan_has_the_words_of_its_reasons_too() -> None:
    changes = unseal(encode(SAVED), KIND, VERSION, "plan", "")["changes"]
    assert [one["reasons"] for one in changes] == [["why"], ["~ a.txt"], ["no"]]
    assert [[each["code"] for each in one["why"]] for one in changes] == [
        ["told"],
        ["input-changed"],
        ["unreachable"],
    ]


def test_secrets_are_not_written() -> None:
    change = Change(BUILDER, "tcp", Action.CREATE, after={"key": Sensitive("s3cr3t")})
    assert b"s3cr3t" not in encode(PlanFile(Plan("l", 1, (change,)), ()))


def test_a_build_is_not_made_with_another_secret_than_was_planned() -> None:
    """No plan holds a secret, so it is given again; what is planned is one value of it."""
    planned: Attributes = {
        "args": {"TOKEN": Sensitive("s3cr3t"), "A": "1"},
        "secret": ({"id": "s", "value": Sensitive("of an hour")},),
    }
    change = Change(BUILD, "dockerfile", Action.UPDATE, after=planned, work=(Work.BUILD,))
    data = encode(PlanFile(Plan("l", 1, (change,)), ()))
    assert b"s3cr3t" not in data
    (read,) = decode(data, "plan").plan.changes
    assert check_promise(read, planned)["args"] == planned["args"]
    rotated = {**planned, "secret": ({"id": "s", "value": Sensitive("of the next")},)}
    assert check_promise(read, rotated)["secret"] == rotated["secret"]
    other: Attributes = {"args": {"TOKEN": Sensitive("other"), "A": "1"}}
    with pytest.raises(Conflict, match=r'build\.x\["k"\]: args\.TOKEN \(sensitive\) changed'):
        check_promise(read, other)


@pytest.mark.parametrize("cut", [0, 10, 200, 400])
def test_a_broken_plan_is_refused(cut: int) -> None:
    with pytest.raises(CorruptFile, match="Plan again"):
        decode(encode(SAVED)[:cut], "plan")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100), st.integers(0, 10_000), st.integers(0, 255))
def test_no_bytes_are_taken_for_another_plan(data: bytes, at: int, byte: int) -> None:
    with pytest.raises(CorruptFile):
        decode(data, "plan")
    good = bytearray(encode(SAVED))
    good[at % len(good)] = byte
    try:
        found = decode(bytes(good), "plan")
    except CorruptFile:
        return
    assert found == SAVED
