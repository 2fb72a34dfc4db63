"""A builder gets the user's logins for registries that are named, and hears of no other."""

import pytest

from envdplan.clients.docker.info import engine_info
from envdplan.clients.docker.reply import Reply
from envdplan.clients.registry.credentials import (
    Credential,
    FixedCredentials,
    Login,
    NamedCredentials,
)
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Unreachable
from envdplan.resources.builds.logins import Logins
from tests.unit.plans.worlds import desired

BUILD = Address.parse("build.x")
MINE = FixedCredentials({"a.io": Login("u", "p"), "b.io": Login("u", "p")})


def logins(*named: str, mirrors: tuple[str, ...] = (), consent: str = "") -> Logins:
    return Logins(BUILD, frozenset(named), lambda: mirrors, {"ENVDPLAN_REGISTRIES": consent})


@pytest.mark.parametrize(
    ("given", "knows"),
    [
        (logins("a.io"), True),
        (logins("b.io"), False),
        (logins("*"), True),
        (logins(consent="b.io, A.io"), True),
        (logins(consent="b.io *"), True),
        (logins(mirrors=("https://a.io/", "c.io/path")), True),
        (logins(mirrors=("c.io/a.io",)), False),
    ],
)
def test_what_is_named(given: Logins, *, knows: bool) -> None:
    assert given.is_named("a.io") is knows


def test_an_engine_that_does_not_tell_its_mirrors_has_none() -> None:
    def mirrors() -> tuple[str, ...]:
        raise Unreachable("gone")

    assert not Logins(BUILD, frozenset(), mirrors, {}).is_named("a.io")


def test_others_are_told_once_and_get_nothing() -> None:
    told: list[str] = []
    found = NamedCredentials(MINE, logins("a.io").is_named, told.append)
    assert found.for_host("a.io") == Login("u", "p")
    assert [found.for_host("b.io"), found.for_host("B.io"), found.for_host("c.io")] == [None] * 3
    assert told == ["b.io"]


def test_all_names_of_docker_hub_are_one() -> None:
    hub = FixedCredentials({"docker.io": Login("u", "p")})
    found = NamedCredentials(hub, logins("docker.io").is_named, pytest.fail)
    for host in ("docker.io", "registry-1.docker.io", "index.docker.io"):
        assert found.for_host(host) == Login("u", "p")


class Broken:
    def for_host(self, host: str) -> Credential | None:
        raise Unreachable("Credential helper failed", host)


def test_a_helper_that_fails_hinders_nobody_who_gets_nothing_from_it() -> None:
    assert NamedCredentials(Broken(), logins().is_named, pytest.fail).for_host("b.io") is None


CONFIG = """
builder "bb" {
  type  = "docker-container"
  image = "i"
  config {
    registry = { "docker.io" = { mirrors = ["mirror.io/hub"] } }
  }
}
context "c" { builder = builder.bb }
build "x" { context = context.c }
"""


def test_what_the_builder_is_configured_for_goes_with_its_connection() -> None:
    build = desired(CONFIG).resources[BUILD]
    assert build.attributes["connection"]["registries"] == ("docker.io", "mirror.io/hub")


def test_an_engine_tells_its_mirrors() -> None:
    told = Reply.of({"RegistryConfig": {"Mirrors": ["https://mirror.io/"]}})
    info = engine_info(told, Reply.of({}))
    assert logins(mirrors=info.mirrors).is_named("mirror.io")
