"""What a registry can be shown as proof of identity, and who can be asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from envdplan.ground.imagenames import canonical_host
from envdplan.ground.logs import hide


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and password (or an access token that takes the password's place)."""

    username: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        hide([self.password])


@dataclass(frozen=True, slots=True)
class IdentityToken:
    """An OAuth2 refresh token: exchanged for short-lived tokens at the token server."""

    value: str = field(repr=False)

    def __post_init__(self) -> None:
        hide([self.value])


@dataclass(frozen=True, slots=True)
class RegistryToken:
    """A bearer token that goes to the registry as it is."""

    value: str = field(repr=False)

    def __post_init__(self) -> None:
        hide([self.value])


Credential: TypeAlias = Login | IdentityToken | RegistryToken


class Credentials(Protocol):
    """Whoever knows the credential of a registry host. Safe to ask from several threads."""

    def for_host(self, host: str) -> Credential | None:
        """The credential for `host` (`ghcr.io`, `localhost:5000`); None means anonymous.

        Raises EnvdplanError when the place where it is kept cannot be read.
        """


@dataclass(frozen=True, slots=True)
class FixedCredentials:
    """Credentials given in advance, by host; anonymous for all other hosts."""

    by_host: Mapping[str, Credential] = field(default_factory=dict)

    def for_host(self, host: str) -> Credential | None:
        """The credential given for `host`."""
        wanted = canonical_host(host)
        return next((c for h, c in self.by_host.items() if canonical_host(h) == wanted), None)
