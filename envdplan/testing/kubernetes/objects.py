"""What requests do to objects: create, replace, patch, apply, delete."""

import json
from collections.abc import Mapping
from typing import Any, Final

from envdplan.testing.kubernetes.access import admit
from envdplan.testing.kubernetes.applying import applied, updated
from envdplan.testing.kubernetes.controller import leaving
from envdplan.testing.kubernetes.defaults import filled
from envdplan.testing.kubernetes.faults import Faults
from envdplan.testing.kubernetes.kinds import NAMESPACE, POD, SECRET, STATEFUL_SET, Kind
from envdplan.testing.kubernetes.patching import patched
from envdplan.testing.kubernetes.schemas import BadValue, canonical, unknown_fields
from envdplan.testing.kubernetes.statuses import (
    ApiError,
    bad,
    exists,
    invalid,
    not_found,
    stale,
    success,
    wrong_uid,
)
from envdplan.testing.kubernetes.storage import Storage, now
from envdplan.testing.kubernetes.validation import check

Object = dict[str, Any]
APPLY: Final = "application/apply-patch+yaml"


class Objects:
    """The API's verbs that write."""

    def __init__(self, storage: Storage, faults: Faults, *, old: bool) -> None:
        self._storage, self._faults, self._old = storage, faults, old

    def create(
        self, kind: Kind, namespace: str, body: Object, query: Mapping[str, str], manager: str
    ) -> Object:
        """POST."""
        self._same_kind(kind, body)
        if query.get("fieldValidation") == "Strict" and not self._old:
            self._strict(kind, body)
        body = self._known(kind, body)
        name = body.get("metadata", {}).get("name", "")
        body = {**body, "metadata": {**body.get("metadata", {})}}
        if kind.namespaced:
            body["metadata"]["namespace"] = namespace
            self._namespace(namespace)
        if self._storage.get(kind, namespace, name) is not None:
            raise exists(kind, name)
        made = self._made(kind, self._storage.new(kind, body), None)
        made = updated(None, made, manager, now())
        return self._kept(kind, made, query)

    def replace(self, kind: Kind, namespace: str, name: str, body: Object, manager: str) -> Object:
        """PUT."""
        before = self._found(kind, namespace, name)
        version = body.get("metadata", {}).get("resourceVersion")
        if version and version != before["metadata"]["resourceVersion"]:
            raise stale(kind, name)
        return self._changed(kind, before, self._known(kind, body), manager, {})

    def patch(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        content: str,
        data: bytes,
        query: Mapping[str, str],
        manager: str,
    ) -> tuple[int, Object]:
        """PATCH: the status, and the object."""
        if content == APPLY:
            return self._apply(kind, namespace, name, data, query)
        if content == "application/json":
            raise ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
        before = self._found(kind, namespace, name)
        return 200, self._changed(kind, before, patched(before, content, data), manager, query)

    def _apply(
        self, kind: Kind, namespace: str, name: str, data: bytes, query: Mapping[str, str]
    ) -> tuple[int, Object]:
        config = _document(data)
        manager = query.get("fieldManager")
        if not manager:
            told = "Required value: is required for apply patch"
            raise invalid(
                "PatchOptions.meta.k8s.io", "", [("fieldManager", "FieldValueRequired", told)]
            )
        metadata = config.get("metadata") or {}
        if metadata.get("managedFields"):
            raise bad("metadata.managedFields must be nil")
        if metadata.get("name", name) != name:
            raise bad(
                f"the name of the object ({metadata['name']}) does not match the name on the URL "
                f"({name})"
            )
        config = {**config, "metadata": {**metadata, "name": name}}
        config = self._typed(kind, config)
        before = self._storage.get(kind, namespace, name)
        if before is None:
            self._namespace(namespace)
            config["metadata"]["namespace"] = namespace
        base = before or self._storage.new(
            kind, {"metadata": {"name": name, "namespace": namespace}}
        )
        merged = applied(base, config, manager, force=query.get("force") == "true", time=now())
        made = self._made(kind, merged, before)
        return (200 if before else 201), self._kept(kind, made, query)

    def delete(self, kind: Kind, namespace: str, name: str, options: Object) -> Object:
        """DELETE."""
        found = self._found(kind, namespace, name)
        wanted = (options.get("preconditions") or {}).get("uid")
        uid = found["metadata"]["uid"]
        if wanted and wanted != uid:
            raise wrong_uid(kind, name, wanted, uid)
        if kind is NAMESPACE:
            marked = leaving(self._storage, kind, {**found, "status": {"phase": "Terminating"}}, 0)
            del marked["metadata"]["deletionGracePeriodSeconds"]
            return marked
        if kind is POD:
            return self._delete_pod(found, options)
        if kind is STATEFUL_SET and options.get("propagationPolicy") == "Foreground":
            metadata = {**found["metadata"], "finalizers": ["foregroundDeletion"]}
            metadata["generation"] = metadata["generation"] + 1
            return leaving(self._storage, kind, {**found, "metadata": metadata}, 0)
        self._storage.remove(kind, found)
        return success(kind, name, uid)

    def _delete_pod(self, pod: Object, options: Object) -> Object:
        grace = options.get("gracePeriodSeconds", pod["spec"]["terminationGracePeriodSeconds"])
        return leaving(self._storage, POD, pod, grace)

    # -- steps

    def _found(self, kind: Kind, namespace: str, name: str) -> Object:
        found = self._storage.get(kind, namespace, name)
        if found is None:
            raise not_found(kind, name)
        return found

    def _namespace(self, name: str) -> Object:
        found = self._storage.get(NAMESPACE, "", name)
        if found is None:
            raise not_found(NAMESPACE, name)
        if found["metadata"].get("deletionTimestamp"):
            told = (
                f"unable to create new content in namespace {name} because it is being terminated"
            )
            raise ApiError(403, "Forbidden", told)
        return found

    def _same_kind(self, kind: Kind, body: Any) -> None:
        if not isinstance(body, dict) or body.get("kind", kind.name) != kind.name:
            raise bad(
                f"the object provided is unrecognized (must be of type {kind.name}): couldn't get "
                "version/kind; json parse error"
            )

    def _strict(self, kind: Kind, body: Object) -> None:
        for path, problem in unknown_fields(kind, body):
            if problem == "field not declared in schema":
                raise bad(
                    f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}: '
                    f'strict decoding error: unknown field "{path.lstrip(".")}"'
                )

    def _typed(self, kind: Kind, config: Object) -> Object:
        """What server-side apply answers with 500, as 1.20 and 1.36 do."""
        where = f"(/{config['metadata']['name']}; {kind.api_version}, Kind={kind.name})"
        for path, problem in unknown_fields(kind, config):
            told = f"failed to create typed patch object {where}: {path}: {problem}"
            raise ApiError(500, None, told)
        try:
            return canonical(kind, config)
        except BadValue as error:
            told = (
                f"failed to convert new object {where} to proper version: unable to convert "
                f"unstructured object to {kind.api_version}, Kind={kind.name}: {error}"
            )
            raise ApiError(500, None, told) from error

    def _known(self, kind: Kind, body: Object) -> Object:
        try:
            return canonical(kind, body)
        except BadValue as error:
            raise bad(
                f"{kind.name} in version {kind.version!r} cannot be handled: {error}"
            ) from error

    def _made(self, kind: Kind, body: Object, before: Object | None) -> Object:
        if kind is SECRET and body.get("stringData"):
            body = _coded(body)
        body = filled(kind, body)
        check(kind, body, before, old=self._old)
        if before is None and kind is POD:
            admit(kind, body, self._namespace(body["metadata"]["namespace"]), self._faults)
        if before is not None and kind.has_spec and before.get("spec") != body.get("spec"):
            generation = before["metadata"]["generation"] + 1
            body["metadata"] = {**body["metadata"], "generation": generation}
        return body

    def _changed(
        self, kind: Kind, before: Object, after: Object, manager: str, query: Mapping[str, str]
    ) -> Object:
        fixed = ("uid", "creationTimestamp", "namespace", "name", "generation", "managedFields")
        metadata = {**after.get("metadata", {})}
        metadata |= {name: before["metadata"][name] for name in fixed if name in before["metadata"]}
        after = {**after, "metadata": metadata, "status": before.get("status")}
        after = {name: value for name, value in after.items() if value is not None}
        made = self._made(kind, after, before)
        return self._kept(kind, updated(before, made, manager, now()), query)

    def _kept(self, kind: Kind, body: Object, query: Mapping[str, str]) -> Object:
        if query.get("dryRun") == "All":
            return body
        return self._storage.put(kind, body)


def _coded(secret: Object) -> Object:
    from base64 import b64encode

    plain = {name: b64encode(one.encode()).decode() for name, one in secret["stringData"].items()}
    rest = {name: value for name, value in secret.items() if name != "stringData"}
    return {**rest, "data": {**(secret.get("data") or {}), **plain}}


def _document(data: bytes) -> Object:
    """JSON, or YAML where the client has PyYAML (it does)."""
    try:
        found = json.loads(data)
    except ValueError:
        import yaml

        found = yaml.safe_load(data)
    if not isinstance(found, dict):
        raise bad("error decoding YAML: the document is no object")
    return found
