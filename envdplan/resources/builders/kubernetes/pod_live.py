"""From live Kubernetes objects to attributes: what it was made with, and who changed it since."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from envdplan.ground import jsontext
from envdplan.ground.values import Attributes, Sensitive, Value
from envdplan.resources.builders.kubernetes.pod_manifest import (
    ATTRIBUTES,
    LINEAGE,
    OWNER,
    RECORDED,
    Object,
)
from envdplan.resources.builders.ownership import Mark

_LISTED: Final = 4


def annotation(live: Object, name: str) -> str | None:
    """One of our marks."""
    return (live["metadata"].get("annotations") or {}).get(name)


def mark_of(live: Object) -> Mark:
    """Whose an object says that it is."""
    return Mark(annotation(live, OWNER) or "", annotation(live, LINEAGE) or "")


def made_with(stateful_set: Object, secret: Object | None, wanted: Attributes) -> Attributes:
    """The attributes that it was made with; those that only behave are as `wanted`.

    Of a StatefulSet that is not envdplan's: its name, image and number of pods.
    """
    text = annotation(stateful_set, ATTRIBUTES)
    known = _parsed(text) if text else None
    if known is None:
        return _foreign(stateful_set)
    data = (secret or {}).get("data") or {}
    found = {name: _told(value, wanted.get(name)) for name, value in known.items()}
    if "env" in known:
        found["env"] = _environment(known["env"], data)
    behaving = {name: value for name, value in wanted.items() if name not in known}
    planned = {name: None for name in behaving if name in RECORDED}
    return {**behaving, **planned, **found}


def _parsed(text: str) -> dict[str, Value] | None:
    try:
        found = _values(jsontext.loads(text, parse_float=Decimal))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _values(value: Any) -> Value:
    if isinstance(value, dict):
        return {name: _values(one) for name, one in value.items()}
    return tuple(_values(one) for one in value) if isinstance(value, list) else value


def _told(value: Value, wanted: Value) -> Value:
    """A secret that nobody can read back is as wanted: its digest tells when it is another."""
    if value == {"$secret": True}:
        return wanted
    if isinstance(value, Mapping):
        inner = wanted.value if isinstance(wanted, Sensitive) else wanted
        known = inner if isinstance(inner, Mapping) else {}
        return {name: _told(one, known.get(name)) for name, one in value.items()}
    if isinstance(value, tuple):
        items = wanted if isinstance(wanted, tuple) and len(wanted) == len(value) else value
        return tuple(_told(one, item) for one, item in zip(value, items, strict=True))
    return value


def _environment(env: Value, data: Mapping[str, str]) -> Value:
    secret = {
        name.removeprefix("env."): Sensitive(b64decode(value).decode("utf-8", "replace"))
        for name, value in data.items()
        if name.startswith("env.")
    }
    if env == {"$secret": True}:
        return secret
    return {
        name: secret.get(name) if value == {"$secret": True} else value
        for name, value in env.items()
    }


def _foreign(stateful_set: Object) -> Attributes:
    spec = stateful_set["spec"]
    containers = spec["template"]["spec"]["containers"]
    return {
        "name": stateful_set["metadata"]["name"],
        "image": containers[0].get("image"),
        "replicas": spec.get("replicas"),
        "status": "running",
    }


def changed_fields(live: Object, wanted: Object) -> Iterator[str]:
    """What applying `wanted` would change, but for the server's own bookkeeping."""
    for part in ("spec", "data"):
        yield from _differences(live.get(part), wanted.get(part), part)
    for part in ("labels", "annotations"):
        mine, theirs = (one["metadata"].get(part) for one in (live, wanted))
        yield from _differences(mine, theirs, f"metadata.{part}")


def _differences(live: Any, wanted: Any, path: str) -> Iterator[str]:
    if live == wanted:
        return
    if isinstance(live, dict) and isinstance(wanted, dict):
        for name in sorted({*live, *wanted}):
            yield from _differences(live.get(name), wanted.get(name), f"{path}.{name}")
    elif isinstance(live, list) and isinstance(wanted, list) and len(live) == len(wanted):
        for place, (one, other) in enumerate(zip(live, wanted, strict=True)):
            yield from _differences(one, other, f"{path}[{place}]")
    else:
        yield path


def told(changes: list[str]) -> str:
    """One line for all of them."""
    shown = "; ".join(changes[:_LISTED])
    rest = len(changes) - _LISTED
    return f"{shown}; and {rest} more" if rest > 0 else shown
