"""Requests to an API server, and its answers: JSON objects, or a Status that says what is wrong."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from envdplan.clients.kubernetes.access import Access
from envdplan.clients.kubernetes.failures import failure, unreachable
from envdplan.ground import jsontext
from envdplan.ground.logs import Log
from envdplan.ground.logs import url as without_secrets
from envdplan.ground.together import within

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

Object = dict[str, Any]
"""A Kubernetes object, as JSON."""

MANAGER: Final = "envdplan"
"""Who sets fields, in the words of server-side apply."""

_LOG: Final = Log("clients.kubernetes")
_APPLY: Final = "application/apply-patch+yaml"
_CONNECT, _READ, _TOTAL = 5.0, 30.0, 60.0
"""Seconds; the last one for a request with its answer, but for streams, which have no end."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of namespaced objects: its API group with version, and its name in paths."""

    group: str
    plural: str
    name: str

    def path(self, namespace: str, name: str = "") -> str:
        """Where its objects are, or one of them."""
        root = f"/apis/{self.group}" if "/" in self.group else f"/api/{self.group}"
        return f"{root}/namespaces/{namespace}/{self.plural}" + (f"/{name}" if name else "")


STATEFUL_SET: Final = Kind("apps/v1", "statefulsets", "StatefulSet")
POD: Final = Kind("v1", "pods", "Pod")
CONFIG_MAP: Final = Kind("v1", "configmaps", "ConfigMap")
SECRET: Final = Kind("v1", "secrets", "Secret")
CLAIM: Final = Kind("v1", "persistentvolumeclaims", "PersistentVolumeClaim")
EVENT: Final = Kind("v1", "events", "Event")
KINDS: Final = {one.name: one for one in (STATEFUL_SET, POD, CONFIG_MAP, SECRET, CLAIM)}


class Api:
    """One namespace of a cluster. Any thread may use it."""

    def __init__(self, access: Access, namespace: str | None) -> None:
        self.access = access
        self.namespace = namespace or access.namespace

    # -- one object

    def get(self, kind: Kind, name: str) -> Object | None:
        """The object, or None: only a definite "not found" says that it is not there."""
        return self._call("GET", kind.path(self.namespace, name), absent=True)

    def apply(self, manifest: Object, *, dry_run: bool = False, force: bool = True) -> Object:
        """Server-side apply of one object: what it is (or would be) afterwards.

        Without `force`, a field that somebody else set raises FieldConflict.
        """
        kind = KINDS[manifest["kind"]]
        query = {"fieldManager": MANAGER, "force": "true" if force else "false"}
        if dry_run:
            query["dryRun"] = "All"
        path = kind.path(self.namespace, manifest["metadata"]["name"])
        body = json.dumps(manifest).encode()  # JSON is YAML
        return self._call("PATCH", path, query, body, _APPLY) or {}

    def create(self, kind: Kind, body: Object, *, dry_run: bool = False) -> Object:
        """A new object."""
        query = {"dryRun": "All"} if dry_run else {}
        return self.send("POST", kind.path(self.namespace), body, query)

    def delete(self, kind: Kind, name: str, uid: str | None = None) -> bool:
        """Remove the object with all that it owns, and only the one with `uid`.

        False when it is gone. Returns before the removal is done.
        """
        body: Object = {"propagationPolicy": "Foreground"}
        if uid is not None:
            body["preconditions"] = {"uid": uid}
        path = kind.path(self.namespace, name)
        return self._call("DELETE", path, None, _json(body), absent=True) is not None

    def scale(self, name: str, replicas: int) -> None:
        """Set the number of a StatefulSet's pods, as `kubectl scale` does."""
        body = json.dumps({"spec": {"replicas": replicas}}).encode()
        path = STATEFUL_SET.path(self.namespace, name)
        query = {"fieldManager": MANAGER}
        self._call("PATCH", path, query, body, "application/merge-patch+json")

    # -- several

    def list(self, kind: Kind, *, labels: str = "", fields: str = "") -> "list[Object]":
        """The objects that the selectors choose."""
        answer = self._call("GET", kind.path(self.namespace), _selectors(labels, fields)) or {}
        return list(answer.get("items") or ())

    def watch(self, kind: Kind, *, labels: str, seconds: int) -> Iterator[Object]:
        """Objects as they change, for up to `seconds`; the first ones are those that are there."""
        query = {**_selectors(labels, ""), "watch": "true", "timeoutSeconds": str(seconds)}
        response = self._request("GET", kind.path(self.namespace), query, None, stream=True)
        try:
            yield from _changes(response)
        finally:
            response.close()

    def logs(self, pod: str, container: str, lines: int, *, previous: bool = False) -> str:
        """The last `lines` of a container's log."""
        query = {"container": container, "tailLines": str(lines)}
        if previous:
            query["previous"] = "true"
        path = f"{POD.path(self.namespace, pod)}/log"
        return bytes(self._request("GET", path, query, None).data).decode("utf-8", "replace")

    # -- anything

    def send(
        self, method: str, path: str, body: Object, query: Mapping[str, str] | None = None
    ) -> Object:
        """A request with a JSON body. Raises as everything here: see failures."""
        return self._call(method, path, query, _json(body)) or {}

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content: str = "application/json",
        *,
        absent: bool = False,
    ) -> Object | None:
        response = self._request(method, path, query, body, content, absent=absent)
        return None if response.status == _NOT_FOUND else dict(jsontext.loads(response.data))

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: bytes | None,
        content: str = "application/json",
        *,
        absent: bool = False,
        stream: bool = False,
    ) -> "BaseHTTPResponse":
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        headers = {**self.access.headers(), "Accept": "application/json, */*"}
        if body is not None:
            headers["Content-Type"] = content
        url = self.access.url(path, query)
        try:
            with _LOG.call(method, without_secrets(url)) as call:
                response = within(
                    _TOTAL,
                    lambda: self.access.pool.request(
                        method,
                        url,
                        body=body,
                        headers=headers,
                        preload_content=not stream,
                        timeout=Timeout(_CONNECT, _READ),
                        retries=_retries(),
                    ),
                )
                call.status = response.status
        except (HTTPError, TimeoutError) as error:
            raise unreachable(self.access.host, error) from error
        if response.status >= _BAD and not (absent and _is_absent(response)):
            raise failure(response.status, bytes(response.data), self.access.host)
        return response


_BAD: Final = 400
_NOT_FOUND: Final = 404


def _retries() -> Any:
    from urllib3 import Retry

    return Retry(total=2, read=0, status=0, redirect=2, backoff_factor=0.2)


def _is_absent(response: "BaseHTTPResponse") -> bool:
    """The object is not there; a path that the server does not know says so in plain text."""
    if response.status != _NOT_FOUND:
        return False
    try:
        return bool(jsontext.loads(response.data).get("kind") == "Status")
    except (ValueError, AttributeError):
        return False


def _json(body: Object) -> bytes:
    return json.dumps(body).encode()


def _selectors(labels: str, fields: str) -> dict[str, str]:
    both = {"labelSelector": labels, "fieldSelector": fields}
    return {name: value for name, value in both.items() if value}


def _changes(response: "BaseHTTPResponse") -> Iterator[Object]:
    from urllib3.exceptions import HTTPError

    rest = b""
    try:
        for piece in response.stream(64 * 1024):
            *lines, rest = (rest + piece).split(b"\n")
            yield from (jsontext.loads(line)["object"] for line in lines if line.strip())
    except HTTPError:
        return  # the server ends watches as it likes; whoever watches looks again
