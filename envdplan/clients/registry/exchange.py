"""One request to a registry's API: with authorization, one retry after 401, and redirects."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from envdplan.clients.registry.authorization import Authorizer
from envdplan.clients.registry.messages import Answer, Request
from envdplan.clients.registry.refusals import refusal
from envdplan.clients.registry.tokens import USER_AGENT
from envdplan.clients.registry.transport import Transport
from envdplan.clients.registry.urls import joined, origin
from envdplan.ground.diagnostics import Refused, Unreachable

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 5


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API: `path` starts with /v2/, or is a Location that the registry gave."""

    method: str
    host: str
    path: str
    scopes: frozenset[str]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] | None = field(default=None, repr=False)


def scopes_for(path: str, *, push: bool = False) -> frozenset[str]:
    """The scope of reading, or of reading and writing, the repository `path`."""
    return frozenset({f"repository:{path}:pull,push" if push else f"repository:{path}:pull"})


class Exchange:
    """Calls of registries' APIs. Any thread may use it."""

    def __init__(self, transport: Transport, authorizer: Authorizer) -> None:
        self._transport = transport
        self._authorizer = authorizer

    def ask(self, call: Call) -> Answer:
        """The answer, whatever its status. Raises EnvdplanError when there is none."""
        header = self._authorizer.header(call.host, call.scopes)
        answer = self._follow(self._request(call, header))
        if answer.status != 401 or isinstance(call.body, Iterator):  # noqa: PLR2004
            return answer
        wanted = answer.headers.get("www-authenticate", "")
        header = self._authorizer.renewed(call.host, call.scopes, wanted, header)
        if header is not None:
            answer = self._follow(self._request(call, header))
        return self._signed(call, answer)

    def _signed(self, call: Call, answer: Answer) -> Answer:
        """Whether somebody has to log in, or to log in otherwise."""
        if answer.status != 401:  # noqa: PLR2004
            return answer
        return replace(answer, with_login=self._authorizer.has_login(call.host))

    @contextmanager
    def stream(self, call: Call, path: str) -> Iterator[Iterator[bytes]]:
        """The body of a successful answer in pieces; `path` is the repository, for errors.

        Authorization must be known from an earlier call. Raises EnvdplanError.
        """
        request = self._request(call, self._authorizer.header(call.host, call.scopes))
        for _ in range(_MOST_REDIRECTS + 1):
            with self._transport.stream(request) as (answer, body):
                if answer.status not in _REDIRECTS:
                    if answer.status != 200:  # noqa: PLR2004  HTTP's OK
                        raise refusal(call.host, path, answer)
                    yield body
                    return
            request = _redirected(request, answer)
        raise _too_many(request)

    def _request(self, call: Call, authorization: str | None) -> Request:
        """A Location with the registry's own host keeps the scheme by which we reach it."""
        base = self._transport.base_url(call.host)
        url = joined(base, call.path)
        if origin(url) is None:
            raise _unsafe(base, url)
        headers = {"user-agent": USER_AGENT, **call.headers}
        if urlsplit(url).netloc == call.host:
            url = base + url.partition("://")[2].removeprefix(call.host)
            headers |= {"authorization": authorization} if authorization else {}
        return Request(call.method, url, headers, call.body)

    def _follow(self, request: Request) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._transport.send(request)
            if answer.status not in _REDIRECTS or request.method not in {"GET", "HEAD"}:
                return answer
            request = _redirected(request, answer)
        raise _too_many(request)


def _redirected(request: Request, answer: Answer) -> Request:
    """The request at the Location; authorization stays with the host that it was made for."""
    url = joined(request.url, answer.headers.get("location", ""))
    before, after = origin(request.url), origin(url)
    if before is None or after is None or after[0] not in {"https", before[0]}:
        raise _unsafe(request.url, url)
    headers = dict(request.headers)
    if before != after:
        headers.pop("authorization", None)
    return replace(request, url=url, headers=headers)


def _unsafe(base: str, url: str) -> Refused:
    return Refused(
        "Registry redirects to an unsafe address",
        f"{urlsplit(base).netloc} redirects to {url[:200]!r}, which is not an https:// URL, so "
        "the answer could be changed on its way. Ask whoever runs the registry.",
    )


def _too_many(request: Request) -> Unreachable:
    return Unreachable(
        "Too many redirects of a registry",
        f"{request.host} was the last of {_MOST_REDIRECTS} redirects. Check the registry's name; "
        "if it is right, ask whoever runs it.",
    )
