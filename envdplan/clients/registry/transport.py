"""Sends requests to registries and token servers: keep-alive, TLS, proxies, time limits, retries.

urllib3 does the connections (a dependency of docker already); it takes 70 ms to import, so only
the first request of a run imports it.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from envdplan.clients.registry.failures import is_silence, late, unreachable
from envdplan.clients.registry.hosts import (
    DOCKER_CERTIFICATES,
    HostSettings,
    tls_context,
    tls_files,
)
from envdplan.clients.registry.messages import Answer, Limits, Request
from envdplan.clients.registry.proxies import proxy_for
from envdplan.ground.diagnostics import Refused, Unreachable
from envdplan.ground.imagenames import canonical_host, is_loopback
from envdplan.ground.interrupts import stopping
from envdplan.ground.loading import load
from envdplan.ground.logs import Log, url
from envdplan.ground.silence import Silence
from envdplan.ground.together import within

if TYPE_CHECKING:
    from ssl import SSLContext

    from urllib3 import BaseHTTPResponse, PoolManager
    from urllib3.exceptions import HTTPError

LARGEST_ANSWER: Final = 8 * 1024 * 1024
"""Bytes of an answer that is kept in memory; Docker's own limit for a manifest is 4 MiB."""

_LOG: Final = Log("clients.registry")
_PASSING: Final = frozenset({429, 500, 502, 503, 504})
_CONNECTIONS: Final = 32
_PIECE: Final = 1024 * 1024
_USUAL: Final = Limits()


class Transport:
    """Connections to all hosts of a run. Any thread may send."""

    def __init__(
        self,
        settings: Mapping[str, HostSettings] | None = None,
        environment: Mapping[str, str] = os.environ,
        *,
        certificates: Path = DOCKER_CERTIFICATES,
        limits: Limits = _USUAL,
        pause: Callable[[float], object] = stopping.wait,
        silence: Silence | None = None,
    ) -> None:
        self._settings = {canonical_host(host): one for host, one in (settings or {}).items()}
        self._environment = environment
        self._certificates = certificates
        self._limits = limits
        self._pause = pause
        self._silence = silence or Silence()
        self._lock = Lock()
        self._probing = Lock()
        self._pools: dict[tuple[str, str], PoolManager] = {}
        self._schemes: dict[str, str] = {}
        self._fingerprints: dict[str, str | None] = {}

    def base_url(self, host: str) -> str:
        """`https://host` or `http://host`, by the settings and, on loopback, by trying.

        Raises Unreachable when a loopback host must be tried and does not answer.
        """
        if host not in self._schemes:
            with self._probing:  # one tries, the others wait for what it finds
                if host not in self._schemes:
                    self._silence.check(host)
                    self._schemes[host] = self._scheme(host)
        return f"{self._schemes[host]}://{host}"

    def send(self, request: Request) -> Answer:
        """The answer to `request`, whatever its status; redirects are not followed.

        Failures that may pass (429, 5xx, a broken connection) are tried again, a few times.
        Raises Unreachable when there is no answer.
        """
        self._silence.check(request.host)
        body = _Progress(request.body) if isinstance(request.body, Iterator) else None
        request = request if body is None else replace(request, body=body)
        try:
            outcome = within(
                self._limits.total,
                lambda: self._tried(request, 1 if body else self._limits.attempts),
                (lambda: 0.0) if body is None else body.since,
            )
        except TimeoutError:
            _LOG.write(f"{request.method} {url(request.url)} is given up: no answer in time")
            raise self._silence.keep(request.host, late(request.host)) from None
        if isinstance(outcome, Answer):
            return outcome
        error = unreachable(request.host, outcome)
        raise (self._silence.keep(request.host, error) if is_silence(outcome) else error) from None

    @contextmanager
    def stream(self, request: Request) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """The answer without its body, and the body in pieces. Raises Unreachable."""
        load("urllib3")
        from urllib3.exceptions import HTTPError

        response = None
        try:
            with _LOG.call(request.method, url(request.url)) as call:
                response = within(self._limits.total, lambda: self._open(request))
                call.status = response.status
            yield _head(response), self._pieces(response)
        except HTTPError as error:
            raise unreachable(request.host, error) from None
        except TimeoutError:
            raise late(request.host) from None
        finally:
            if response is not None:
                response.close()

    def _pieces(self, response: "BaseHTTPResponse") -> Iterator[bytes]:
        """Raises TimeoutError when a piece does not come in time."""
        while piece := within(self._limits.total, lambda: response.read(_PIECE)):
            yield piece

    def _tried(self, request: Request, attempts: int) -> "Answer | HTTPError":
        for attempt in count(1):
            outcome = self._try(request)
            pause = _pause_after(outcome, attempt, self._limits)
            if pause is None or attempt == attempts or stopping.is_set():
                break
            self._pause(pause)
        return outcome

    def _try(self, request: Request) -> "Answer | HTTPError":
        load("urllib3")
        from urllib3.exceptions import HTTPError

        try:
            with _LOG.call(request.method, url(request.url)) as call:
                response = self._open(request)
                call.status = response.status
                body = response.read(LARGEST_ANSWER + 1)
                _finish(response, body, request.host)
        except HTTPError as error:
            return error
        return Answer(response.status, _head(response).headers, body)

    def _open(self, request: Request) -> "BaseHTTPResponse":
        pool = self._pool(*urlsplit(request.url)[:2])
        return pool.request(
            request.method,
            request.url,
            body=request.body,
            headers=dict(request.headers),
            preload_content=False,
            retries=False,
            redirect=False,
        )

    def _pool(self, scheme: str, host: str) -> "PoolManager":
        with self._lock:
            if (scheme, host) not in self._pools:
                self._pools[scheme, host] = self._new_pool(scheme, host)
            return self._pools[scheme, host]

    def _new_pool(self, scheme: str, host: str) -> "PoolManager":
        from urllib3 import PoolManager, ProxyManager, Timeout, make_headers
        from urllib3.exceptions import HTTPError

        context, fingerprint = self._tls(host) if scheme == "https" else (None, None)
        timeout = Timeout(connect=self._limits.connect, read=self._limits.read)
        proxy = proxy_for(scheme, host, self._environment)
        if proxy is None:
            return PoolManager(
                maxsize=_CONNECTIONS,
                timeout=timeout,
                ssl_context=context,
                assert_fingerprint=fingerprint,
            )
        try:
            return ProxyManager(
                proxy,
                proxy_headers=make_headers(proxy_basic_auth=_userinfo(proxy)),
                maxsize=_CONNECTIONS,
                timeout=timeout,
                ssl_context=context,
            )
        except (HTTPError, ValueError):
            raise _bad_proxy(scheme) from None

    def _scheme(self, host: str) -> str:
        match self._setting(host).http:
            case True:
                return "http"
            case False:
                return "https"
        if not is_loopback(host):
            return "https"
        from envdplan.clients.registry.probe import probe

        try:
            found = probe(host, self._limits.connect)
        except Unreachable as error:
            raise self._silence.keep(host, error) from None
        self._fingerprints[host] = found.fingerprint
        return "https" if found.tls else "http"

    def _tls(self, host: str) -> "tuple[SSLContext, str | None]":
        """Verified TLS; or, on loopback, not verified but for the fingerprint of the probe."""
        settings = self._setting(host)
        files = tls_files(canonical_host(host), settings, self._certificates)
        fingerprint = None
        if is_loopback(host) and settings.http is None and not files.authorities:
            self.base_url(host)
            fingerprint = self._fingerprints.get(host)
        return tls_context(files, verify=fingerprint is None), fingerprint

    def _setting(self, host: str) -> HostSettings:
        return self._settings.get(canonical_host(host), HostSettings())


class _Progress:
    """A body that is sent piece by piece, and when the last one was taken."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._taken = 0.0

    def __iter__(self) -> "_Progress":
        return self

    def __next__(self) -> bytes:
        self._taken = time.monotonic()
        return next(self._pieces)

    def since(self) -> float:
        """As time.monotonic."""
        return self._taken


def _pause_after(outcome: "Answer | HTTPError", attempt: int, limits: Limits) -> float | None:
    """Seconds to wait before the next attempt; None when the outcome is final."""
    pause = min(limits.first_pause * 2 ** (attempt - 1), limits.longest_pause)
    if isinstance(outcome, Answer):
        if outcome.status not in _PASSING:
            return None
        wanted = _retry_after(outcome.headers.get("retry-after", ""), pause)
        return wanted if wanted <= limits.longest_pause else None
    from urllib3.exceptions import ProtocolError

    return pause if isinstance(outcome, ProtocolError) else None


def _retry_after(header: str, otherwise: float) -> float:
    """Seconds by Retry-After (RFC 9110, 10.2.3); a date or nonsense counts as not given."""
    return float(header) if header.isascii() and header.isdigit() else otherwise


def _head(response: "BaseHTTPResponse") -> Answer:
    return Answer(response.status, {name.lower(): v for name, v in response.headers.items()})


def _finish(response: "BaseHTTPResponse", body: bytes, host: str) -> None:
    """Give the connection back, or break it when the answer is longer than we want."""
    if len(body) <= LARGEST_ANSWER:
        response.drain_conn()
        response.release_conn()
        return
    response.close()
    raise Refused(
        "Registry answer is too large",
        f"{host} sent more than {LARGEST_ANSWER} bytes where a manifest, an image configuration "
        "or a token was expected. Check that the image's name means an image.",
    )


def _userinfo(proxy: str) -> str | None:
    user, at, _ = urlsplit(proxy).netloc.rpartition("@")
    return unquote(user) if at else None


def _bad_proxy(scheme: str) -> Refused:
    return Refused(
        "Proxy cannot be used",
        f"The environment variable {scheme}_proxy names a proxy that is not a http:// or "
        "https:// URL. Correct it, or name the registry's host in no_proxy.",
    )
