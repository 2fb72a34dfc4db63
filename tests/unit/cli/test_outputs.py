"""envdplan output: a value, or an error; never a word in its place."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from envdplan.cli.app import run
from envdplan.core.state.recorded import Pending, Record, State
from envdplan.ground.addresses import Address
from envdplan.ground.values import UNKNOWN, Value
from envdplan.store.local import LocalStore

CONFIGURATION = """
locals {
  all = [build.base.image, local.more]
  more = module.m.image
}
build "base" {
  path = "."
}
module "m" {
  source = "./m"
}
output "image" {
  value = build.base.image
}
output "both" {
  value = local.all
}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "envdplan.hcl").write_text(CONFIGURATION)
    return tmp_path


def keep(project: Path, outputs: Mapping[str, Value]) -> None:
    store = LocalStore(project / ".envdplan" / "state.json")
    store.save(replace(State.new(), serial=1, outputs=outputs))


@pytest.mark.parametrize("form", [(), ("-json",), ("-raw",)])
@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("image", "is known when build.base has succeeded"),
        ("both", "is known when build.base and module.m have succeeded"),
        ("gone", "is known when an apply has succeeded"),
    ],
)
def test_what_is_not_known_yet_is_an_error_that_says_when_it_will_be(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    form: tuple[str, ...],
    name: str,
    when: str,
) -> None:
    keep(project, {"image": UNKNOWN, "both": ("a", UNKNOWN), "gone": {"a": UNKNOWN}})
    assert run(["-C", str(project), "output", name, *form]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Output is not known yet" in shown.err
    assert when in " ".join(shown.err.split())


def test_json_has_terraforms_shapes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from decimal import Decimal

    from envdplan.ground.values import SetValue

    values = {
        "list": ("a", 1),
        "map": {"x": Decimal("1.5"), "y": None},
        "set": SetValue(("a", "b")),
        "text": "t",
        "yes": True,
    }
    keep(project, values)
    assert run(["-C", str(project), "output", "-json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "list": {"sensitive": False, "type": ["tuple", ["string", "number"]], "value": ["a", 1]},
        "map": {
            "sensitive": False,
            "type": ["object", {"x": "number", "y": "dynamic"}],
            "value": {"x": 1.5, "y": None},
        },
        "set": {"sensitive": False, "type": ["set", "string"], "value": ["a", "b"]},
        "text": {"sensitive": False, "type": "string", "value": "t"},
        "yes": {"sensitive": False, "type": "bool", "value": True},
    }
    for name, text in (("list", '["a",1]'), ("map", '{"x":1.5,"y":null}'), ("text", '"t"')):
        assert run(["-C", str(project), "output", "-json", name]) == 0
        assert capsys.readouterr().out == f"{text}\n"


@pytest.mark.parametrize("form", [(), ("-json",)])
def test_of_all_outputs_the_unknown_ones_are_told_and_the_others_shown(
    project: Path, capsys: pytest.CaptureFixture[str], form: tuple[str, ...]
) -> None:
    keep(project, {"image": UNKNOWN, "text": "there"})
    assert run(["-C", str(project), "output", *form]) == 1
    shown = capsys.readouterr()
    assert "there" in shown.out
    assert "image" not in shown.out
    assert 'Output "image" is known when build.base has succeeded.' in " ".join(shown.err.split())


@pytest.mark.parametrize(
    ("begun", "words"),
    [(False, "has no value: build.base was built and not"), (True, "is known when build.base has")],
)
def test_what_a_finished_build_does_not_tell_is_not_said_to_come(
    project: Path, capsys: pytest.CaptureFixture[str], begun: bool, words: str
) -> None:
    """A build that is not pushed has no image, however often it succeeds."""
    base = Address.parse("build.base")
    record = Record(base, "dockerfile", {"image": None})
    pending = {base: Pending(base, "update", "dockerfile", "2026-01-01T00:00:00Z")} if begun else {}
    state = replace(State.new(), serial=1, records={base: record}, pending=pending)
    state = replace(state, outputs={"image": UNKNOWN})
    LocalStore(project / ".envdplan" / "state.json").save(state)
    assert run(["-C", str(project), "output", "image"]) == 1
    assert words in " ".join(capsys.readouterr().err.split())
