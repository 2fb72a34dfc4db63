"""Label and field selectors, and tables of objects."""

import re
from collections.abc import Callable
from typing import Any, Final

from envdplan.testing.kubernetes.statuses import bad

Object = dict[str, Any]
Test = Callable[[Object], bool]
_SET: Final = re.compile(r"\s*([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)\s*")
_EQUAL: Final = re.compile(r"\s*([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)\s*")
_FIELDS: Final = {
    "pods": "metadata.name metadata.namespace status.phase spec.nodeName spec.restartPolicy "
    "spec.schedulerName spec.serviceAccountName status.podIP",
    "events": "metadata.name metadata.namespace reason type source involvedObject.kind "
    "involvedObject.namespace involvedObject.name involvedObject.uid involvedObject.apiVersion "
    "involvedObject.resourceVersion",
    "secrets": "metadata.name metadata.namespace type",
}


def labels(text: str) -> Test:
    """A label selector. Raises ApiError."""
    tests = [_label(one) for one in _split(text)]
    return lambda one: all(test(one["metadata"].get("labels") or {}) for test in tests)


def _split(text: str) -> list[str]:
    return [one for one in re.split(r",(?![^(]*\))", text) if one.strip()]


def _label(text: str) -> Test:
    if match := _SET.fullmatch(text):
        name, word, listed = match.groups()
        values = {one.strip() for one in listed.split(",")}
        if word == "in":
            return lambda found: found.get(name) in values
        return lambda found: found.get(name) not in values
    if match := _EQUAL.fullmatch(text):
        name, sign, value = match.groups()
        if sign == "!=":
            return lambda found: found.get(name) != value
        return lambda found: found.get(name) == value
    if re.fullmatch(r"\s*!?[\w./-]+\s*", text):
        name = text.strip()
        if name.startswith("!"):
            return lambda found: name[1:] not in found
        return lambda found: name in found
    raise bad("unable to parse requirement: found '=', expected: identifier")


def fields(plural: str, text: str) -> Test:
    """A field selector. Raises ApiError for a field that the kind cannot be selected by."""
    known = _FIELDS.get(plural, "metadata.name metadata.namespace").split()
    tests: list[Test] = []
    for part in filter(None, text.split(",")):
        name, sign, value = re.split(r"(!=|==|=)", part, maxsplit=1)
        if name not in known:
            raise bad(f"field label not supported: {name}")
        tests.append(_field(name, value, equal=sign != "!="))
    return lambda one: all(test(one) for test in tests)


def _field(name: str, value: str, *, equal: bool) -> Test:
    def test(one: Object) -> bool:
        place: Any = one
        for part in name.split("."):
            place = place.get(part) if isinstance(place, dict) else None
        return (str(place or "") == value) is equal

    return test


def partial(one: Object) -> Object:
    """Its metadata alone."""
    head = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    return {**head, "metadata": one["metadata"]}
