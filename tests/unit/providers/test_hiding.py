"""What a builder tells never shows a sensitive value."""

import pytest

from envdplan.clients.buildkit import progress
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.values import Attributes, Sensitive
from envdplan.resources.builds.hiding import Hiding, hiding

SIGN = "(sensitive value)"
WANTED: Attributes = {
    "args": {"TOKEN": Sensitive("hunter.2"), "LONGER": Sensitive("hunter.2.more"), "OPEN": "x"},
    "secret": ({"id": "s", "value": Sensitive("first line\nsecond line\n")},),
    "labels": Sensitive({"a": "b1"}),
}


def of(attributes: Attributes = WANTED) -> Hiding:
    found = hiding(attributes)
    assert found is not None
    return found


def test_without_sensitive_values_nothing_is_looked_for() -> None:
    assert hiding({"args": {"A": "x"}}) is None
    assert hiding({"args": {"A": Sensitive("")}}) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("RUN curl -H hunter.2", f"RUN curl -H {SIGN}"),
        ("hunter.2.more", SIGN),
        ("hunterx2", "hunterx2"),
        ("says second line.", f"says {SIGN}."),
        ("b1 b12 ab1 x", f"{SIGN} b12 ab1 x"),
    ],
)
def test_values_are_replaced_by_their_sign(text: str, shown: str) -> None:
    assert of().text(text) == shown


def test_all_kinds_of_progress_are_told_without_values() -> None:
    hidden = of()
    told = [
        progress.Vertex("d", "RUN hunter.2", None, None, False, "exit hunter.2"),
        progress.Status("d", "hunter.2", 0, 0, False),
        progress.Log("d", 1, b"\xffhunter.2\n"),
        progress.Warning("d", "hunter.2", ("hunter.2",), "", "", 1),
    ]
    shown = repr([hidden.told(one) for one in told])
    assert "hunter" not in shown
    assert shown.count(SIGN) == 6
    assert hidden.told(None) is None


def test_errors_are_told_without_values() -> None:
    with pytest.raises(EnvdplanError) as caught, of().errors():
        raise EnvdplanError("The build failed", "process hunter.2 ended")
    assert (caught.value.detail, "hunter" in str(caught.value)) == (f"process {SIGN} ended", False)


def test_what_a_builder_reports_is_kept_without_values() -> None:
    found = of().results({**WANTED, "metadata": {"info": "TOKEN=hunter.2"}})
    assert found["metadata"] == {"info": f"TOKEN={SIGN}"}
    assert found["args"] == WANTED["args"]
