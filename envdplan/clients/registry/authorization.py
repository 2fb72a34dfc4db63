"""The Authorization header for each request: tokens are kept until shortly before they expire."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from envdplan.clients.registry.challenges import Challenge, parse_challenges, preferred
from envdplan.clients.registry.credentials import Credentials, Login
from envdplan.clients.registry.messages import Request
from envdplan.clients.registry.tokens import USER_AGENT, TokenQuery, basic, fetch_token
from envdplan.clients.registry.transport import Transport

_USABLE_SHARE: Final = 0.9
"""The part of its life for which a token is used, as in BuildKit (util/resolver)."""

_LOGIN_LIFE: Final = 300.0
"""Seconds for which a login is used without asking its helper again."""


@dataclass(frozen=True, slots=True)
class _Held:
    header: str = field(repr=False)
    until: float


class Authorizer:
    """Knows how each host wants to be asked. Any thread may use it; `clock` is in seconds."""

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._clock = clock
        self._challenges: dict[str, Challenge] = {}
        self._held: dict[tuple[str, frozenset[str]], _Held] = {}
        self._locks: dict[tuple[str, frozenset[str]], Lock] = {}

    def challenge(self, host: str) -> Challenge | None:
        """How `host` wanted to be asked, as far as it has said so."""
        return self._challenges.get(host)

    def has_login(self, host: str) -> bool:
        """Whether there is a login for `host`. Raises EnvdplanError."""
        return self._credentials.for_host(host) is not None

    def learn(self, host: str) -> None:
        """Ask `host` at its API's root how it wants to be asked. Raises EnvdplanError."""
        url = f"{self._transport.base_url(host)}/v2/"
        answer = self._transport.send(Request("GET", url, {"user-agent": USER_AGENT}))
        self._remember(host, answer.headers.get("www-authenticate", ""))

    def header(self, host: str, scopes: frozenset[str]) -> str | None:
        """The header for a request that needs `scopes`; None where `host` never wanted one.

        Raises EnvdplanError when a token or a credential cannot be had.
        """
        challenge = self._challenges.get(host)
        return None if challenge is None else self._current(host, scopes, challenge, None)

    def renewed(
        self, host: str, scopes: frozenset[str], wanted: str, refused: str | None
    ) -> str | None:
        """Another header than `refused`, after a 401 with the WWW-Authenticate `wanted`.

        None when there is none to be had: no login, or one that was just refused.
        """
        challenge = self._remember(host, wanted)
        if challenge is None:
            return None
        header = self._current(host, scopes, challenge, refused)
        return None if header == refused else header

    def _remember(self, host: str, wanted: str) -> Challenge | None:
        challenge = preferred(parse_challenges(wanted))
        if challenge is not None:
            self._challenges[host] = challenge
        return challenge

    def _current(
        self, host: str, scopes: frozenset[str], challenge: Challenge, refused: str | None
    ) -> str | None:
        """The header at hand, or a new one; one thread at a time gets it for all."""
        key = (host, scopes if challenge.scheme == "bearer" else frozenset())
        with self._locks.setdefault(key, Lock()):
            held = self._held.get(key)
            if held is None or held.header == refused or held.until <= self._clock():
                held = self._obtain(host, scopes, challenge, wanted=refused is not None)
            if held is None:
                self._held.pop(key, None)
                return None
            self._held[key] = held
            return held.header

    def _obtain(
        self, host: str, scopes: frozenset[str], challenge: Challenge, *, wanted: bool
    ) -> _Held | None:
        credential = self._credentials.for_host(host)
        now = self._clock()
        if challenge.scheme == "basic":
            if not isinstance(credential, Login):
                return None
            return _Held(basic(credential), now + _LOGIN_LIFE)
        scopes = scopes | challenge.scopes if wanted else scopes
        query = TokenQuery(host, challenge.realm, challenge.service, tuple(sorted(scopes)))
        token = fetch_token(self._transport, query, credential)
        return _Held(f"Bearer {token.value}", now + token.expires_in * _USABLE_SHARE)
