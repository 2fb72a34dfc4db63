"""Downloads one archive: over TLS, within limits, following few redirects and none to plain http.

urllib3 is imported by the first download only.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from envdplan.clients.registry.proxies import proxy_for
from envdplan.clients.registry.urls import joined, origin
from envdplan.ground.diagnostics import EnvdplanError, Refused, Unreachable
from envdplan.ground.imagenames import is_loopback
from envdplan.ground.loading import load
from envdplan.ground.logs import Log
from envdplan.ground.logs import url as without_secrets
from envdplan.modules.tree import USUAL, Limits

if TYPE_CHECKING:
    from io import BufferedReader

    from urllib3 import BaseHTTPResponse, PoolManager

_LOG: Final = Log("modules")
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 5
_OK: Final = 200
_PASSING: Final = (500, 502, 503, 504)
_CHUNK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds for a connection and for each piece, and how often a try is repeated."""

    connect: float = 10.0
    read: float = 60.0
    again: int = 2
    pause: float = 0.5


_USUAL: Final = Waits()


def download(
    url: str,
    to: Path,
    environment: Mapping[str, str],
    *,
    limits: Limits = USUAL,
    waits: Waits = _USUAL,
) -> str:
    """Write what `url` names to the file `to`; its checksum. Raises EnvdplanError."""
    digest = hashlib.sha256()
    size = 0
    with to.open("xb") as file, _pieces(url, environment, waits) as pieces:
        for piece in pieces:
            size += len(piece)
            if size > limits.download:
                raise _too_large(url, limits.download)
            digest.update(piece)
            file.write(piece)
    return f"sha256:{digest.hexdigest()}"


@contextmanager
def _pieces(url: str, environment: Mapping[str, str], waits: Waits) -> Iterator[Iterator[bytes]]:
    if url.startswith("file:"):
        with _opened(url) as file:
            yield iter(lambda: file.read(_CHUNK), b"")
        return
    load("urllib3")
    from urllib3.exceptions import HTTPError

    try:
        with closing(_answer(url, environment, waits)) as response:
            yield response.stream(_CHUNK, decode_content=False)
    except HTTPError as error:
        raise _unreachable(url, error) from None


def _opened(url: str) -> "BufferedReader":
    path = Path(unquote(urlsplit(url).path))
    try:
        return path.open("rb")
    except OSError as error:
        reason = error.strerror or str(error)
        raise EnvdplanError("Cannot read an archive", f"{path}: {reason}.") from None


def _answer(url: str, environment: Mapping[str, str], waits: Waits) -> "BaseHTTPResponse":
    here = url
    for _ in range(_MOST_REDIRECTS + 1):
        response = _asked(here, environment, waits)
        if response.status == _OK:
            return response
        response.close()
        if response.status not in _REDIRECTS:
            raise _refused(url, response)
        here = _redirected(here, response.headers.get("location", ""))
    raise Refused(
        "Too many redirects",
        f"{_shown(url)} redirects more than {_MOST_REDIRECTS} times. Use the final URL of the "
        "archive.",
    )


def _asked(url: str, environment: Mapping[str, str], waits: Waits) -> "BaseHTTPResponse":
    with _LOG.call("GET", without_secrets(url)) as call:
        response = _pool(url, environment, waits).request(
            "GET",
            url,
            headers={"user-agent": "envdplan", "accept-encoding": "identity"},
            preload_content=False,
            redirect=False,
        )
        call.status = response.status
    return response


def _pool(url: str, environment: Mapping[str, str], waits: Waits) -> "PoolManager":
    from urllib3 import PoolManager, ProxyManager, Retry, Timeout, make_headers

    parts = urlsplit(url)
    proxy = proxy_for(parts.scheme, parts.netloc, environment)
    timeout = Timeout(connect=waits.connect, read=waits.read)
    retries = Retry(
        waits.again,
        redirect=False,
        status_forcelist=_PASSING,
        backoff_factor=waits.pause,
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    if proxy is None:
        return PoolManager(timeout=timeout, retries=retries)
    user, at, _ = urlsplit(proxy).netloc.rpartition("@")
    login = make_headers(proxy_basic_auth=unquote(user) if at else None)
    return ProxyManager(proxy, proxy_headers=login, timeout=timeout, retries=retries)


def _redirected(before: str, location: str) -> str:
    after = joined(before, location)
    found = origin(after)
    if found is None or (found[0] == "http" and not _plain_to_plain(before, after)):
        raise Refused(
            "Archive redirects to an unsafe address",
            f"{_shown(before)} leads to {_shown(after)!r}, which is not an https:// URL, so the "
            "archive could be changed on its way. Ask whoever offers it.",
        )
    return after


def _plain_to_plain(before: str, after: str) -> bool:
    return urlsplit(before).scheme == "http" and is_loopback(urlsplit(after).netloc)


def _shown(url: str) -> str:
    """A URL without its query, where servers put what only the next request may know."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:300]


def _refused(url: str, response: "BaseHTTPResponse") -> Refused:
    hint = {
        401: "It wants a login, which envdplan cannot give for archives. Use git, or an "
        "address without a login.",
        403: "It wants a login, which envdplan cannot give for archives. Use git, or an "
        "address without a login.",
        404: "Check the address.",
        410: "Check the address.",
    }.get(response.status, "Try again later.")
    return Refused(
        "Server refuses the archive",
        f"{_shown(url)} answers with the status {response.status}. {hint}",
    )


def _too_large(url: str, most: int) -> Refused:
    return Refused(
        "Archive is too large",
        f"{_shown(url)} has more than {most} bytes, too many for a module. Check the address.",
    )


def _unreachable(url: str, error: Exception) -> Unreachable:
    return Unreachable(
        "Archive cannot be fetched",
        f"{_shown(url)}: {_why(error)}. Check the address, the network and the proxy "
        "(https_proxy, no_proxy), and try again.",
    )


def _why(error: Exception) -> str:
    """What the system said at the bottom of urllib3's exceptions, or the innermost of them."""
    import ssl

    inner: object = error
    while isinstance(inner, Exception):
        if isinstance(inner, ssl.SSLCertVerificationError):
            return f"its certificate cannot be trusted ({inner.verify_message})"
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        error = inner
        steps = ("reason", "original_error", "__cause__")
        inner = next((one for name in steps if (one := getattr(inner, name, None))), None)
    return str(error).rpartition(": ")[2][:300].rstrip(".") or type(error).__name__
