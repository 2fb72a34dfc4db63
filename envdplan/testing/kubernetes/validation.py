"""Which objects the server refuses, and in which words."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from envdplan.testing.kubernetes.kinds import NAMESPACE, POD, SECRET, STATEFUL_SET, Kind
from envdplan.testing.kubernetes.statuses import invalid

Object = dict[str, Any]
Cause = tuple[str, str, str]

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_BAD_LABEL: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_BAD_SUBDOMAIN: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_MUTABLE: Final = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)


def check(kind: Kind, body: Object, before: Object | None, *, old: bool) -> None:
    """Raises ApiError 422 with every cause; `old` servers (1.20) look at less."""
    causes = [*_name(kind, body, old=old)]
    if kind is STATEFUL_SET:
        causes += [*_stateful_set(body, old=old), *_immutable(body, before)]
    elif kind is POD:
        causes += [*_pod_spec(body.get("spec") or {}, "spec"), *_pod_update(body, before)]
    elif kind is SECRET and before is not None and before.get("type") != body.get("type"):
        told = f'Invalid value: "{body.get("type")}": field is immutable'
        causes.append(("type", "FieldValueInvalid", told))
    if causes:
        raise invalid(kind.singular, str(body["metadata"].get("name", "")), causes)


def _name(kind: Kind, body: Object, *, old: bool) -> Iterator[Cause]:
    name = body["metadata"].get("name")
    if not name:
        yield (
            "metadata.name",
            "FieldValueRequired",
            "Required value: name or generateName is required",
        )
        return
    pattern, words = (
        (_LABEL, _BAD_LABEL)
        if kind is NAMESPACE or (kind is STATEFUL_SET and not old)
        else (_SUBDOMAIN, _BAD_SUBDOMAIN)
    )
    if not pattern.fullmatch(name):
        yield "metadata.name", "FieldValueInvalid", f'Invalid value: "{name}": {words}'


def _stateful_set(body: Object, *, old: bool) -> Iterator[Cause]:
    spec = body["spec"]
    labels = (spec["template"].get("metadata") or {}).get("labels")
    selector = (spec.get("selector") or {}).get("matchLabels")
    if not selector:
        yield "spec.selector", "FieldValueRequired", "Required value"
    if not selector or any((labels or {}).get(name) != one for name, one in selector.items()):
        shown = json.dumps(labels, separators=(",", ":"), sort_keys=True)
        told = f"Invalid value: {shown}: `selector` does not match template `labels`"
        yield "spec.template.metadata.labels", "FieldValueInvalid", told
    if not old or selector:
        claims = {one["metadata"].get("name") for one in spec.get("volumeClaimTemplates") or ()}
        yield from _pod_spec(spec["template"].get("spec") or {}, "spec.template.spec", claims)


def _pod_spec(spec: Object, path: str, claims: Collection[str | None] = ()) -> Iterator[Cause]:
    """`claims` are volumes that a StatefulSet adds."""
    containers = spec.get("containers")
    if not containers:
        yield f"{path}.containers", "FieldValueRequired", "Required value"
        return
    volumes = {*claims, *(one.get("name") for one in spec.get("volumes") or ())}
    for place, one in enumerate(containers):
        where = f"{path}.containers[{place}]"
        if not one.get("image"):
            yield f"{where}.image", "FieldValueRequired", "Required value"
        for mount, inner in enumerate(one.get("volumeMounts") or ()):
            if inner.get("name") not in volumes:
                told = f'Not found: "{inner.get("name")}"'
                yield f"{where}.volumeMounts[{mount}].name", "FieldValueNotFound", told
        yield from _resources(one.get("resources") or {}, f"{where}.resources")


def _resources(resources: Object, path: str) -> Iterator[Cause]:
    from envdplan.testing.kubernetes.schemas import quantity

    limits = resources.get("limits") or {}
    for name, value in (resources.get("requests") or {}).items():
        if name in limits and quantity(value) > quantity(limits[name]):
            told = (
                f'Invalid value: "{value}": must be less than or equal to {name} limit of '
                f"{limits[name]}"
            )
            yield f"{path}.requests", "FieldValueInvalid", told


def _immutable(body: Object, before: Object | None) -> Iterator[Cause]:
    if before is None:
        return
    fixed = ({k: v for k, v in one["spec"].items() if k not in _MUTABLE} for one in (body, before))
    if len({json.dumps(one, sort_keys=True) for one in fixed}) > 1:
        *most, last = (f"'{name}'" for name in _MUTABLE)
        told = (
            "Forbidden: updates to statefulset spec for fields other than "
            f"{', '.join(most)} and {last} are forbidden"
        )
        yield "spec", "FieldValueForbidden", told


def _pod_update(body: Object, before: Object | None) -> Iterator[Cause]:
    if before is None:
        return
    mutable = ("tolerations", "activeDeadlineSeconds", "terminationGracePeriodSeconds")
    bare = []
    for one in (body, before):
        spec = {name: value for name, value in one["spec"].items() if name not in mutable}
        spec["containers"] = [{**each, "image": ""} for each in spec.get("containers") or ()]
        bare.append(json.dumps(spec, sort_keys=True))
    if bare[0] != bare[1]:
        told = "Forbidden: pod updates may not change fields other than `spec.containers[*].image`"
        yield "spec", "FieldValueForbidden", told
