"""For which registries a builder gets the user's logins: those that are named, and no others."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.imagenames import canonical_host
from envdplan.resources.builds.connections import Connection
from envdplan.resources.builds.engines import Engines
from envdplan.resources.builds.registries import Registries

if TYPE_CHECKING:
    from envdplan.clients.buildkit.session.services import Services

VARIABLE: Final = "ENVDPLAN_REGISTRIES"
"""Names more of them for all builds of a run: hosts, with commas or blanks between them."""

_ALL: Final = "*"


@dataclass
class Logins:
    """The registries of one build."""

    build: Address
    named: frozenset[str]
    """Hosts that the build names, each in one spelling."""
    mirrors: Callable[[], tuple[str, ...]]
    """What the builder is configured for, as HOST[/PATH] or a URL; asked for when it matters."""
    environment: Mapping[str, str] = field(repr=False)

    def services(self, registries: Registries, refused: Callable[[str], None]) -> "Services":
        """The service that logs the builder in; `refused` gets a sentence for each other host."""
        return registries.auth(self.is_named, lambda host: refused(self._said(host)))

    def is_named(self, host: str) -> bool:
        """Whether the builder may be logged in to `host`, which is in its one spelling."""
        return not {_ALL, host}.isdisjoint(self._given) or host in self._configured

    @cached_property
    def _given(self) -> frozenset[str]:
        return self.named | frozenset(_consented(self.environment))

    @cached_property
    def _configured(self) -> frozenset[str]:
        try:
            return frozenset(map(canonical_host, self.mirrors()))
        except EnvdplanError:
            return frozenset()  # nobody can tell; the user can name them

    def _said(self, host: str) -> str:
        return (
            f"your login to {host}, which {self.build} does not name: consent with "
            f'registries = ["{host}"] or {VARIABLE}'
        )


def mirrors(connection: Connection, engines: Engines) -> tuple[str, ...]:
    """The registries and mirrors that a builder is configured for, as far as is known."""
    known = tuple(connection.attributes.get("registries") or ())
    return (*known, *engines.at(connection.host).info().mirrors) if connection.in_engine else known


def _consented(environment: Mapping[str, str]) -> Iterator[str]:
    for one in re.split(r"[,\s]+", environment.get(VARIABLE, "")):
        if one:
            yield canonical_host(one)
