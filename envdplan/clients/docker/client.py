"""docker-py over our own connections, and the one translation of its exceptions.

The only module that imports docker-py and requests; slow to import, so imported when used.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

import docker
import requests.adapters
import urllib3
import urllib3.connection
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.errors import APIError, DockerException, create_api_error_from_http_exception
from requests import PreparedRequest, Response
from requests.exceptions import HTTPError, RequestException, Timeout

from envdplan.clients.docker.endpoint import Endpoint
from envdplan.clients.docker.image import failure, is_network_failure
from envdplan.clients.docker.missing import Missing
from envdplan.clients.docker.transport import connect
from envdplan.clients.docker.unreachable import unreachable
from envdplan.ground.diagnostics import Conflict, EnvdplanError, Refused
from envdplan.ground.logs import Log, url

_LOG = Log("clients.docker")
_READ_TIMEOUT = 60.0
"""Seconds of silence after which a question counts as unanswered. Actions have no limit: deleting
a volume of many GB, or a push that waits for a registry, may be silent for minutes."""


class _Connection(urllib3.connection.HTTPConnection):
    """A connection of the endpoint's kind; knows it by its pool."""

    endpoint: Endpoint

    def connect(self) -> None:
        self.sock = connect(self.endpoint)


class _Adapter(requests.adapters.HTTPAdapter):
    """Sends every request to the endpoint, whatever its URL, without any proxy."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        kind = type("_EndpointConnection", (_Connection,), {"endpoint": endpoint})
        self._endpoint = endpoint
        self._pool = urllib3.HTTPConnectionPool("docker", maxsize=16)
        self._pool.ConnectionCls = kind

    def get_connection_with_tls_context(
        self, *_: object, **__: object
    ) -> urllib3.HTTPConnectionPool:
        return self._pool

    def get_connection(self, *_: object, **__: object) -> urllib3.HTTPConnectionPool:
        """For requests before 2.32."""
        return self._pool

    def request_url(self, request: PreparedRequest, *_: object, **__: object) -> str:
        return request.path_url

    def send(self, request: PreparedRequest, *_: object, **arguments: object) -> Response:
        is_question = request.method in ("GET", "HEAD")
        with _LOG.call(str(request.method), self._target(request)) as call:
            response = super().send(
                request,
                stream=bool(arguments.get("stream")),
                timeout=_READ_TIMEOUT if is_question else None,
            )
            call.status = response.status_code
        return response

    def _target(self, request: PreparedRequest) -> str:
        return f"{self._endpoint.url} {url(request.path_url)}"

    def close(self) -> None:
        self._pool.close()
        super().close()


class Api(docker.APIClient):
    """docker-py's client of the Engine API, over our adapter."""

    def __init__(self, adapter: _Adapter, version: str) -> None:
        self._adapter = adapter
        super().__init__("http://docker:2375", version=version)
        self.trust_env = False  # neither ~/.netrc nor proxies concern an engine

    def get_adapter(self, *_: object, **__: object) -> requests.adapters.BaseAdapter:
        """The one adapter, for any URL."""
        return self._adapter

    def open_archive(self, container: str, path: str) -> Response:
        """Like get_archive, but the answer can be closed before its end."""
        name = quote(container, safe="")
        url = f"{self.base_url}/v{self.api_version}/containers/{name}/archive"
        response = self.get(url, params={"path": path}, stream=True)
        try:
            response.raise_for_status()
        except HTTPError as error:
            create_api_error_from_http_exception(error)  # raises APIError
        return response


def open_api(endpoint: Endpoint) -> Api:
    """A client that speaks the newest API that both sides know. Raises EnvdplanError."""
    adapter = _Adapter(endpoint)
    with translated(endpoint, "tell its version"):
        api = Api(adapter, DEFAULT_DOCKER_API_VERSION)
        version = common_version(api.version(api_version=False), DEFAULT_DOCKER_API_VERSION)
        return api if version == DEFAULT_DOCKER_API_VERSION else Api(adapter, version)


def common_version(server: Mapping[str, object], ours: str) -> str:
    """Ours, or the server's newest when that is older, or its oldest when that is newer."""
    newest = str(server.get("ApiVersion") or ours)
    oldest = str(server.get("MinAPIVersion") or newest)
    return max(min(newest, ours, key=_parts), oldest, key=_parts)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


@contextmanager
def translated(endpoint: Endpoint, action: str) -> Iterator[None]:
    """Turns what docker-py and requests raise into EnvdplanError; `action` completes
    "the engine did not ...".
    """
    try:
        yield
    except EnvdplanError:
        raise
    except APIError as error:
        raise _refusal(endpoint, action, error) from error
    except (RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise unreachable(endpoint, _cause(error)) from error
    except (DockerException, LookupError, TypeError, ValueError) as error:
        # A name, or an answer, that docker-py cannot make sense of.
        detail = f"The engine at {endpoint} could not be asked to {action}: {error}."
        raise Refused("Request to the Docker Engine failed", detail) from error


def _refusal(endpoint: Endpoint, action: str, error: APIError) -> EnvdplanError:
    said = str(error.explanation or error).strip().rstrip(".")
    detail = f"The engine at {endpoint} did not {action}: {said}."
    if error.is_server_error() and is_network_failure(said):
        return failure(said, action)
    match error.status_code:
        case 404:
            return Missing("Not found in the Docker Engine", detail)
        case 409:
            return Conflict("Docker Engine is in an unexpected state", detail)
        case _:
            return Refused("Docker Engine refuses a request", detail)


def _cause(error: Exception) -> Exception:
    """The system's error below those of requests and urllib3, where there is one."""
    if isinstance(error, Timeout):
        return TimeoutError()
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and not isinstance(seen, RequestException):
            return seen
        seen = seen.__cause__ or seen.__context__
    return error
