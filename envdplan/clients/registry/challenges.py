"""WWW-Authenticate: what a registry wants to see before it answers (RFC 9110, section 11)."""

import re
from dataclasses import dataclass, field

# Repeats are possessive (`*+`): what a registry sends must not make anybody go back and forth.
_SCHEME = re.compile(r"\s*+(?:,\s*+)?+([A-Za-z][A-Za-z0-9_-]*+)(?=[\s,]|$)(?!\s*+=)")
_PARAMETER = re.compile(
    r'\s*+(?:,\s*+)?+([A-Za-z0-9_-]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*)"|([^\s,"]++))'
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate: `scheme` (basic, bearer) and its parameters, in lower case."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def realm(self) -> str:
        """For bearer: the URL of the token server."""
        return self.parameters.get("realm", "")

    @property
    def service(self) -> str:
        """For bearer: how the token server calls this registry."""
        return self.parameters.get("service", "")

    @property
    def scopes(self) -> frozenset[str]:
        """For bearer: what the request needed (`repository:team/app:pull`)."""
        return frozenset(self.parameters.get("scope", "").split())


def parse_challenges(header: str) -> list[Challenge]:
    """All challenges of the header, in order; what is no challenge ends the reading."""
    challenges = []
    place = 0
    while scheme := _SCHEME.match(header, place):
        challenge = Challenge(scheme[1].lower())
        place = scheme.end()
        while parameter := _PARAMETER.match(header, place):
            name, quoted, token = parameter.groups()
            value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else token
            challenge.parameters[name.lower()] = value
            place = parameter.end()
        challenges.append(challenge)
    return challenges


def preferred(challenges: list[Challenge]) -> Challenge | None:
    """The one to answer: bearer before basic, as Docker's clients do; None for neither."""
    by_scheme = {one.scheme: one for one in challenges}
    return by_scheme.get("bearer") or by_scheme.get("basic")
