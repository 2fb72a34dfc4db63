"""Short-lived bearer tokens from a registry's token server.

The exchanges are those of distribution's "Token Authentication" (GET, the login as Basic) and
"OAuth2 Token Authentication" (POST, for identity tokens).
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode, urlsplit

from envdplan import __version__
from envdplan.clients.registry.credentials import Credential, IdentityToken, Login, RegistryToken
from envdplan.clients.registry.messages import Answer, Request
from envdplan.clients.registry.refusals import refusal
from envdplan.clients.registry.transport import Transport
from envdplan.clients.registry.urls import origin
from envdplan.ground import jsontext
from envdplan.ground.diagnostics import EnvdplanError, Refused, Unreachable
from envdplan.ground.imagenames import is_loopback
from envdplan.ground.logs import hide

USER_AGENT: Final = f"envdplan/{__version__}"

_DEFAULT_LIFE: Final = 60
"""Seconds that a token lives when the server does not say (the specification's default)."""

_NO_POST: Final = frozenset({404, 405})


@dataclass(frozen=True, slots=True)
class TokenQuery:
    """What a token is wanted for: `host` is the registry, `realm` the token server's URL."""

    host: str
    realm: str
    service: str
    scopes: tuple[str, ...]
    client_id: str = "envdplan"


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A bearer token and its life in seconds; `issued_at` (Unix seconds) is 0 when not said."""

    value: str = field(repr=False)
    expires_in: int = _DEFAULT_LIFE
    issued_at: int = 0

    def __post_init__(self) -> None:
        hide([self.value])


def basic(login: Login) -> str:
    """The Authorization header for a login (RFC 7617)."""
    return "Basic " + b64encode(f"{login.username}:{login.password}".encode()).decode()


def fetch_token(
    transport: Transport, query: TokenQuery, credential: Credential | None
) -> IssuedToken:
    """A token for `query`, anonymous without a credential.

    Raises Refused when the server denies it or may not be trusted with the credential,
    Unreachable when it does not answer.
    """
    if isinstance(credential, RegistryToken):
        return IssuedToken(credential.value)
    _check_realm(transport, query)
    match credential:
        case IdentityToken(value):
            grant = {"grant_type": "refresh_token", "refresh_token": value}
            answer = _post(transport, query, grant)
        case Login():
            answer = _with_login(transport, query, credential)
        case None:
            return _issued(query, _get(transport, query, {}))
    return _issued(query, replace(answer, with_login=True))


def _check_realm(transport: Transport, query: TokenQuery) -> None:
    """A login must not leave in the clear when the registry itself is reached over TLS."""
    realm = origin(query.realm)
    plain = realm is not None and (
        is_loopback(realm[1]) or transport.base_url(query.host).startswith("http:")
    )
    if realm is None or (realm[0] != "https" and not plain):
        raise Refused(
            "Token server is not secure",
            f"The registry {query.host} names the token server {query.realm[:200]!r}, which is "
            "not an https:// URL. The login was not sent. Ask whoever runs the registry.",
        )


def _with_login(transport: Transport, query: TokenQuery, login: Login) -> Answer:
    """GET is understood by all but a few servers, which want the login by POST."""
    answer = _get(transport, query, {"authorization": basic(login)}, account=login.username)
    if answer.status not in _NO_POST:
        return answer
    grant = {"grant_type": "password", "username": login.username, "password": login.password}
    return _post(transport, query, grant)


def _get(
    transport: Transport, query: TokenQuery, headers: Mapping[str, str], account: str = ""
) -> Answer:
    fields = [("service", query.service), *(("scope", scope) for scope in query.scopes)]
    fields.append(("account", account))
    text = urlencode([(name, value) for name, value in fields if value])
    joint = "&" if urlsplit(query.realm).query else "?"
    url = f"{query.realm}{joint}{text}" if text else query.realm
    return transport.send(Request("GET", url, {"user-agent": USER_AGENT, **headers}))


def _post(transport: Transport, query: TokenQuery, grant: Mapping[str, str]) -> Answer:
    fields = {
        **grant,
        "service": query.service,
        "scope": " ".join(query.scopes),
        "client_id": query.client_id,
    }
    headers = {"user-agent": USER_AGENT, "content-type": "application/x-www-form-urlencoded"}
    return transport.send(Request("POST", query.realm, headers, urlencode(fields).encode()))


def _issued(query: TokenQuery, answer: Answer) -> IssuedToken:
    if answer.status != 200:  # noqa: PLR2004  HTTP's OK
        raise _denied(query, answer)
    try:
        document = jsontext.loads(answer.body)
    except ValueError:
        document = None
    fields = document if isinstance(document, dict) else {}
    token = fields.get("token") or fields.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise Unreachable(
            "Token server sent no token",
            f"{urlsplit(query.realm).netloc}, which gives out tokens for {query.host}, "
            "answered without a token. Check that the registry's address is right.",
        )
    life = fields.get("expires_in")
    seconds = life if isinstance(life, int) and life > 0 else _DEFAULT_LIFE
    return IssuedToken(token, seconds, _unix_seconds(fields.get("issued_at")))


def _denied(query: TokenQuery, answer: Answer) -> EnvdplanError:
    names = ", ".join(_repositories(query.scopes)) or "its API"
    status = 401 if answer.status in {400, 404} else answer.status
    return refusal(query.host, names, replace(answer, status=status))


def _repositories(scopes: Iterable[str]) -> list[str]:
    """The names in `repository:NAME:actions`."""
    parts = (scope.split(":") for scope in scopes)
    return sorted({":".join(part[1:-1]) for part in parts if len(part) > 2})  # noqa: PLR2004


def _unix_seconds(text: object) -> int:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return 0
    return int(moment.timestamp()) if moment is not None and moment.tzinfo else 0
