"""Whether the runners of contexts would run anything: a Docker Engine, or an envd-server.

Looked at once per run. Nothing of a login's tokens is told, or even kept.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from envdplan.core.state.observed import Cause
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.logs import Log
from envdplan.ground.logs import url as without_secrets

_LOG: Final = Log("resources")
_TIMEOUT: Final = 3.0
"""Seconds; a plan does not wait long for what it can do without."""

_OK: Final = 200
_ENGINE: Final = "docker"


@dataclass
class Runners:
    """`environment` names the engine, and HOME with envd's logins."""

    environment: Mapping[str, str] = field(repr=False)
    _known: dict[tuple[str, str | None], Cause | None] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def problem(self, runner: str, address: str | None) -> Cause | None:
        """What is wrong with it; None when it answers."""
        key = (runner, address)
        with self._guard:
            if key not in self._known:
                self._known[key] = self._look(runner, address)
            return self._known[key]

    def _look(self, runner: str, address: str | None) -> Cause | None:
        if runner == _ENGINE:
            return self._engine(address)
        return self._server(address)

    def _engine(self, address: str | None) -> Cause | None:
        from envdplan.clients.docker.endpoint import resolve
        from envdplan.clients.docker.http1 import read_head, request
        from envdplan.clients.docker.transport import connect

        try:
            endpoint = resolve(self.environment, address)
            where = f"The engine at {endpoint.url}"
            with _LOG.call("CONNECT", endpoint.url):
                connection = connect(endpoint, _TIMEOUT)
        except EnvdplanError as error:
            return Cause.of(error)
        with connection:
            connection.settimeout(_TIMEOUT)
            try:
                with _LOG.call("HEAD", f"{endpoint.url} /_ping") as call:
                    connection.sendall(request("HEAD", "/_ping"))
                    status = call.status = read_head(connection).status
            except OSError as error:
                return Cause("Docker Engine does not answer", f"{where}: {error}.")
        if status == _OK:
            return None
        return Cause("Docker Engine does not answer", f"{where} answers {status}.")

    def _server(self, address: str | None) -> Cause | None:
        """The only endpoint that needs no login (envd-server, GET /api/v1/)."""
        import http.client

        address = address or self.environment.get("ENVD_SERVER_HOST") or "http://0.0.0.0:8080"
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https"):
            return Cause(
                "Runner address cannot be used",
                "The address of an envd-server begins with http:// or https://; envd cannot use "
                f'"{address}".',
            )
        url = f"{address.rstrip('/')}/api/v1/"
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(parts.netloc.rpartition("@")[2], timeout=_TIMEOUT)
        try:
            with _LOG.call("GET", without_secrets(url)) as call:
                connection.request("GET", f"{parts.path.rstrip('/')}/api/v1/")
                status = call.status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            detail = f"The envd-server does not answer at {url} ({error})."
            return Cause("envd-server cannot be reached", detail)
        finally:
            connection.close()
        if status != _OK:
            detail = f"{url} answers {status}: is it an envd-server?"
            return Cause("envd-server cannot be reached", detail)
        return self._login()

    def _login(self) -> Cause | None:
        from envdplan.clients.envd.auth import current_login

        path = Path(self.environment.get("HOME", "/root"), ".config", "envd", "auth")
        if current_login(path) is None:
            detail = "Nobody is logged in to the envd-server: run `envd login`."
            return Cause("envd-server requires a login", detail)
        return None
