"""What stops an apply before it begins: rights to push, secrets and agents."""

from pathlib import Path
from typing import Any

import pytest

from envdplan.core.plan.changes import Action, Change, Work
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.ground.imagenames import ImageReference
from envdplan.ground.values import UNKNOWN, Sensitive, Value
from envdplan.resources.builds.readiness import Readiness

PUSHED: dict[str, Value] = {"output": ({"type": "image", "push": True},)}


class Registries:
    """Only what the check asks for."""

    def __init__(self, *refused: str) -> None:
        self.refused, self.asked = refused, list[str]()

    @property
    def writer(self) -> "Registries":
        return self

    def check_push(self, target: ImageReference) -> None:
        self.asked.append(target.repository)
        if target.repository in self.refused:
            raise Refused("Registry denies access", f"No {target.path}.")


def change(*work: Work, retags: tuple[str, ...] = (), **after: Value) -> Change:
    address = Address.parse("build.x")
    return Change(address, "dockerfile", Action.UPDATE, after=after, work=work, tags=retags)


def readiness(registries: Registries, **environment: str) -> Readiness:
    fake: Any = registries
    return Readiness(fake, environment)


def test_each_repository_is_asked_once() -> None:
    registries = Registries()
    ready = readiness(registries)
    cache = ({"type": "registry", "ref": "r:1/cache"}, {"type": "registry", "ref": "far:1/cache"})
    made = change(Work.BUILD, Work.PUSH, **PUSHED, tags=("r:1/a:1", "r:1/a:2"), export_cache=cache)
    for _ in range(2):
        ready.check(made)
    ready.check(change(Work.RETAG, retags=("s:1/b:1",), tags=("s:1/b:1", "t:1/c:1")))
    assert registries.asked == ["r:1/a", "r:1/cache", "s:1/b"]


def test_a_refusal_names_the_build_and_the_repository() -> None:
    ready = readiness(Registries("r:1/a"))
    made = change(Work.BUILD, Work.PUSH, **PUSHED, tags=("r:1/a:1",))
    for _ in range(2):
        with pytest.raises(EnvdplanError, match=r"build\.x would fail.* could not push to r:1/a"):
            ready.check(made)
    ready.check(change(Work.BUILD, tags=("r:1/a:1",), output=({"type": "docker"},)))


def test_what_is_not_known_yet_is_no_obstacle() -> None:
    ready = readiness(Registries())
    unknown = ({"id": "t", "file": UNKNOWN}, {"id": "v", "value": UNKNOWN})
    ready.check(change(Work.BUILD, Work.PUSH, **PUSHED, tags=UNKNOWN, secret=unknown))
    ready.check(change(Work.BUILD, secret=UNKNOWN, ssh=UNKNOWN, export_cache=UNKNOWN))


@pytest.mark.parametrize("work", [Work.PUSH, Work.RETAG])
def test_only_a_build_needs_secrets(work: Work) -> None:
    readiness(Registries()).check(change(work, secret=({"id": "t", "env": "NO"},)))


def test_secrets_are_there_before_anything_begins(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("x")
    ready = readiness(Registries(), THERE="x")
    here = ({"id": "e", "env": "THERE"}, {"id": "f", "file": str(tmp_path / "s")},
            {"id": "v", "value": Sensitive("x")})  # fmt: skip
    ready.check(change(Work.BUILD, secret=here))
    for source in ({"env": "NO"}, {"file": str(tmp_path / "no")}, {"file": str(tmp_path)}):
        with pytest.raises(
            EnvdplanError, match=r"Secret cannot be read\n.*build\.x.*secret 't'|'t'"
        ):
            ready.check(change(Work.BUILD, secret=({"id": "t", **source},)))


def test_an_agent_is_there_before_anything_begins() -> None:
    with pytest.raises(EnvdplanError, match=r"build\.x would fail"):
        readiness(Registries()).check(change(Work.BUILD, ssh=({"id": "default"},)))


def test_all_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    missing = ({"id": "a", "env": "NO"}, {"id": "b", "file": str(tmp_path / "no")})
    made = change(Work.BUILD, Work.PUSH, **PUSHED, tags=("r:1/a:1",), secret=missing)
    with pytest.raises(EnvdplanError) as caught:
        readiness(Registries("r:1/a")).check(made)
    assert caught.value.summary == "Secret cannot be read"
    for told in ("variable NO, which is not set", "no, which is not a file", "push to r:1/a"):
        assert told in caught.value.detail
    assert caught.value.detail.count("nothing was begun") == 1
