"""The HTTP side: paths, accounts, lists, watches."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from envdplan.testing.kubernetes import discovery, selectors
from envdplan.testing.kubernetes.access import Access, Scope, User, verb_of
from envdplan.testing.kubernetes.commands import PROTOCOLS, Commands
from envdplan.testing.kubernetes.faults import Faults
from envdplan.testing.kubernetes.kinds import POD, REVIEW, Kind, find
from envdplan.testing.kubernetes.objects import Objects
from envdplan.testing.kubernetes.statuses import ApiError, bad, not_found
from envdplan.testing.kubernetes.storage import Storage

Object = dict[str, Any]
_LOG: Final = 'level=info msg="running server on /run/buildkit/buildkitd.sock"\n'


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as it was made."""

    method: str
    path: str
    query: Mapping[str, str]
    content: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Place:
    kind: Kind
    scope: Scope


class Server:
    """Answers requests."""

    def __init__(
        self,
        storage: Storage,
        objects: Objects,
        commands: Commands,
        access: Access,
        faults: Faults,
        version: str,
    ) -> None:
        self._storage, self._objects, self._commands = storage, objects, commands
        self._access, self._faults, self._version = access, faults, version
        self._old = version.startswith("1.20.")
        self.calls: list[Call] = []
        self.logs: dict[str, str] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        data = await request.read()
        query = dict(request.query.items())
        content = request.content_type if data else ""
        self.calls.append(Call(request.method, request.path, query, content, data))
        try:
            return await self._answer(request, query, data)
        except ConnectionError:
            return web.Response(status=500)  # the client is gone: nobody reads it
        except ApiError as error:
            return _json(error.body(), error.code)

    async def _answer(
        self, request: web.Request, query: Mapping[str, str], data: bytes
    ) -> web.StreamResponse:
        if self._faults.busy > 0:
            self._faults.busy -= 1
            raise ApiError(503, "ServiceUnavailable", "the server is currently unable to answer")
        user = self._access.user(
            request.headers.get("Authorization"), certified=_certified(request)
        )
        if request.path in ("/readyz", "/healthz", "/livez"):
            return web.Response(text="ok")
        if (found := discovery.answer(request.path, self._version, request.host)) is not None:
            return _json(found)
        place = _place(request.path)
        verb = verb_of(request.method, place.scope, watch=query.get("watch") in ("true", "1"))
        if place.kind is not REVIEW:
            self._access.check(user, verb, place.kind, place.scope)
        if place.kind is REVIEW:
            return self._review(user, data)
        if place.scope.subresource:
            return await self._subresource(request, user, place, query)
        return await self._objects_of(request, place, query, data)

    def _review(self, user: User, data: bytes) -> web.Response:
        body = json.loads(data)
        asked = body["spec"].get("resourceAttributes") or {}
        resource = "/".join(filter(None, (asked.get("resource"), asked.get("subresource"))))
        allowed = self._access.may(user, str(asked.get("verb")), resource)
        status = {"allowed": allowed} | ({} if allowed else {"denied": False})
        return _json({**body, "metadata": {}, "status": status}, 201)

    # -- objects

    async def _objects_of(
        self, request: web.Request, place: _Place, query: Mapping[str, str], data: bytes
    ) -> web.StreamResponse:
        kind, scope = place.kind, place.scope
        manager = query.get("fieldManager") or request.headers.get("User-Agent", "x").split("/")[0]
        match request.method, bool(scope.name):
            case "GET", True:
                return self._get(request, kind, scope)
            case "GET", False:
                return await self._list(request, kind, scope, query)
            case "POST", False:
                body = _parsed(kind, data)
                made = self._objects.create(kind, scope.namespace, body, query, manager)
                return _json(made, 201)
            case "PUT", True:
                body = _parsed(kind, data)
                name = scope.name
                return _json(self._objects.replace(kind, scope.namespace, name, body, manager))
            case "PATCH", True:
                content = request.content_type
                code, made = self._objects.patch(
                    kind, scope.namespace, scope.name, content, data, query, manager
                )
                return _json(made, code)
            case "DELETE", True:
                options = {**_options(query), **(json.loads(data) if data else {})}
                return _json(self._objects.delete(kind, scope.namespace, scope.name, options))
        raise ApiError(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
            {},
        )

    def _get(self, request: web.Request, kind: Kind, scope: Scope) -> web.Response:
        found = self._storage.get(kind, scope.namespace, scope.name)
        if found is None:
            raise not_found(kind, scope.name)
        return _json(selectors.partial(found) if _partial(request) else found)

    async def _list(
        self, request: web.Request, kind: Kind, scope: Scope, query: Mapping[str, str]
    ) -> web.StreamResponse:
        chosen = self._chosen(kind, query)
        if query.get("watch") in ("true", "1"):
            return await self._watch(request, kind, scope, query)
        exact = query.get("resourceVersionMatch") == "Exact"
        if exact and int(query.get("resourceVersion", "0")) < self._storage.version:
            told = "The resourceVersion for the provided list is too old."
            raise ApiError(410, "Expired", told)
        items = [one for one in self._storage.list(kind, scope.namespace or None) if chosen(one)]
        metadata: Object = {"resourceVersion": str(self._storage.version)}
        limit = int(query.get("limit") or 0)
        start = int(query.get("continue") or 0)
        if limit and len(items) > start + limit:
            metadata |= {"continue": str(start + limit)}
            metadata |= {"remainingItemCount": len(items) - start - limit}
        items = items[start : start + limit] if limit else items
        if _partial(request):
            listed = [selectors.partial(one) for one in items]
            head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
            return _json({**head, "metadata": metadata, "items": listed})
        head = {"kind": f"{kind.name}List", "apiVersion": kind.api_version}
        bare = [{k: v for k, v in one.items() if k not in ("kind", "apiVersion")} for one in items]
        return _json({**head, "metadata": metadata, "items": bare})

    def _chosen(self, kind: Kind, query: Mapping[str, str]) -> selectors.Test:
        by_label = selectors.labels(query.get("labelSelector", ""))
        by_field = selectors.fields(kind.plural, query.get("fieldSelector", ""))
        return lambda one: by_label(one) and by_field(one)

    async def _watch(
        self, request: web.Request, kind: Kind, scope: Scope, query: Mapping[str, str]
    ) -> web.StreamResponse:
        chosen = self._chosen(kind, query)
        since = query.get("resourceVersion") or ""
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        if since in ("", "0"):
            since = str(self._storage.version)
            for one in self._storage.list(kind, scope.namespace or None):
                if chosen(one):
                    await _tell(response, "ADDED", one)
        seconds = float(query.get("timeoutSeconds") or 1800)
        changes = self._storage.changes(kind, scope.namespace or None, int(since), seconds)
        async for _, type, _, _, one in changes:
            if chosen(one):
                await _tell(response, type, one)
        if query.get("allowWatchBookmarks") == "true":
            version = {"resourceVersion": str(self._storage.version)}
            mark = {"kind": kind.name, "apiVersion": kind.api_version, "metadata": version}
            await _tell(response, "BOOKMARK", mark)
        return response

    # -- pods' own

    async def _subresource(
        self, request: web.Request, user: User, place: _Place, query: Mapping[str, str]
    ) -> web.StreamResponse:
        scope = place.scope
        if place.kind is not POD or scope.subresource not in ("exec", "log"):
            raise _unknown()
        pod = self._storage.get(POD, scope.namespace, scope.name)
        if pod is None:
            raise not_found(POD, scope.name)
        if scope.subresource == "log":
            return await self._log(request, pod, query)
        return await self._exec(request, user, pod, query)

    async def _log(
        self, request: web.Request, pod: Object, query: Mapping[str, str]
    ) -> web.StreamResponse:
        if not (pod.get("status") or {}).get("containerStatuses"):
            return web.Response(status=204)
        text = self.logs.get(pod["metadata"]["name"], self._faults.crash or _LOG)
        lines = text.splitlines(keepends=True)
        if tail := query.get("tailLines"):
            lines = lines[-int(tail) :]
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        await response.write("".join(lines).encode())
        while query.get("follow") == "true":
            await asyncio.sleep(0.05)
            more = self.logs.get(pod["metadata"]["name"], text)
            await response.write(more[len(text) :].encode())
            text = more
        return response

    async def _exec(
        self, request: web.Request, user: User, pod: Object, query: Mapping[str, str]
    ) -> web.StreamResponse:
        if (
            not self._old
            and request.method == "GET"
            and not self._access.may(user, "create", "pods/exec")
        ):
            name = pod["metadata"]["name"]
            told = f'pods "{name}" is forbidden: User "{user.name}" cannot create resource'
            raise ApiError(403, "Forbidden", told, {"kind": "pods", "name": name})
        name = pod["metadata"]["name"]
        if not pod["spec"].get("nodeName"):
            raise bad(f"pod {name} does not have a host assigned")
        known = [one["name"] for one in pod["spec"]["containers"]]
        container = query.get("container") or known[0]
        if container not in known:
            raise bad(f"container {container} is not valid for pod {name}")
        if not any(query.get(one) in ("true", "1") for one in ("stdin", "stdout", "stderr")):
            told = "you must specify at least 1 of stdin, stdout, stderr"
            return web.Response(status=400, text=told)
        if self._faults.dialing > 0:
            self._faults.dialing -= 1
            told = "error dialing backend: dial tcp 127.0.0.1:10250: connect: connection refused"
            raise ApiError(500, "InternalError", told, {})
        protocols = PROTOCOLS[1:] if self._old or self._faults.v4_only else PROTOCOLS
        return await self._commands.serve(request, pod, container, protocols=protocols)


def _certified(request: web.Request) -> bool:
    transport = request.transport
    certificate = transport.get_extra_info("peercert") if transport else None
    return bool(certificate)


def _place(path: str) -> _Place:
    match path.strip("/").split("/"):
        case ["api", "v1", *rest]:
            group = ""
        case ["apis", group, "v1", *rest]:
            pass
        case _:
            raise _unknown()
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2:  # noqa: PLR2004  namespaces/NAME/KIND
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource, *_ = [*rest, "", "", ""]
    kind = find(group, plural)
    if kind is None:
        raise _unknown()
    return _Place(kind, Scope(namespace, name, subresource))


def _unknown() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def _options(query: Mapping[str, str]) -> Object:
    found: Object = {}
    if "propagationPolicy" in query:
        found["propagationPolicy"] = query["propagationPolicy"]
    if "gracePeriodSeconds" in query:
        found["gracePeriodSeconds"] = int(query["gracePeriodSeconds"])
    return found


def _parsed(kind: Kind, data: bytes) -> Object:
    try:
        return dict(json.loads(data))
    except (ValueError, TypeError) as error:
        raise bad(
            f"the object provided is unrecognized (must be of type {kind.name}): couldn't get "
            f"version/kind; json parse error: {error}"
        ) from error


def _partial(request: web.Request) -> bool:
    return "as=PartialObjectMetadata" in request.headers.get("Accept", "")


async def _tell(response: web.StreamResponse, type: str, one: Object) -> None:
    line = json.dumps({"type": type, "object": one})
    await response.write(line.encode() + b"\n")


def _json(body: Object, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(body).encode(), content_type="application/json"
    )
