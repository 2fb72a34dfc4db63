"""Server-side apply: who owns which field, and what becomes of an object.

Fields are paths: names of objects' fields, and for lists that merge the keys of an item.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from envdplan.testing.kubernetes.schemas import is_atomic, list_keys
from envdplan.testing.kubernetes.statuses import field_conflict

Object = dict[str, Any]
Step: TypeAlias = tuple[str, ...]
"""("f", name) or ("k", JSON of the keys)."""
Path: TypeAlias = tuple[Step, ...]

_SERVER = frozenset(
    {"apiVersion", "kind", "status"}
    | {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp"}
    | {"managedFields", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"}
)


def leaves(body: Object) -> set[Path]:
    """The fields that an applied object states."""
    found: set[Path] = set()
    for name, value in body.items():
        if name == "metadata":
            inner = {key: one for key, one in value.items() if key not in _SERVER}
            if inner:
                found |= {(("f", name), *rest) for rest in _leaves(inner, name)}
        elif name not in _SERVER:
            found |= {(("f", name), *rest) for rest in _leaves(value, name)}
    return found


def _leaves(value: Any, field: str) -> Iterator[Path]:
    if isinstance(value, dict) and value and not is_atomic(field):
        for name, one in value.items():
            for rest in _leaves(one, name):
                yield (("f", name), *rest)
    elif isinstance(value, list) and value and (keys := list_keys(field)):
        for item in value:
            step = ("k", _key(item, keys))
            yield (step,)
            for name, one in item.items():
                for rest in _leaves(one, name):
                    yield (step, ("f", name), *rest)
    else:
        yield ()


def _key(item: Object, keys: tuple[str, ...]) -> str:
    found = {name: item.get(name, "TCP" if name == "protocol" else None) for name in keys}
    return json.dumps({k: v for k, v in found.items() if v is not None}, separators=(",", ":"))


def shown(path: Path) -> str:
    """A path as messages show it: .spec.containers[name="c"].image."""
    text = ""
    for kind, value in path:
        if kind == "f":
            text += f".{value}"
        else:
            pairs = (f"{name}={json.dumps(one)}" for name, one in json.loads(value).items())
            text += f"[{','.join(pairs)}]"
    return text


def fields_v1(paths: set[Path]) -> Object:
    """Paths as managedFields hold them."""
    found: Object = {}
    for path in sorted(paths):
        place = found
        for kind, value in path:
            place = place.setdefault(f"{kind}:{value}", {})
        if path and path[-1][0] == "k":
            place.setdefault(".", {})
    return found


def paths_of(fields: Object) -> set[Path]:
    """The reverse of fields_v1."""
    return set(_paths(fields))


def _paths(fields: Object) -> Iterator[Path]:
    inner = {name: one for name, one in fields.items() if name != "."}
    if "." in fields or not inner:
        yield ()
    for name, one in inner.items():
        kind, _, value = name.partition(":")
        for rest in _paths(one):
            yield ((kind, value), *rest)


class Managers:
    """Who owns which fields of one object."""

    def __init__(self, metadata: Object) -> None:
        self.entries: dict[tuple[str, str, str], tuple[str, set[Path]]] = {
            (one["manager"], one["operation"], one.get("subresource", "")): (
                one["apiVersion"],
                paths_of(one.get("fieldsV1") or {}),
            )
            for one in metadata.get("managedFields") or ()
        }

    def others(self, manager: str, path: Path) -> list[tuple[str, str]]:
        """Those who own `path` too: name and API version with operation."""
        return [
            (name, version if operation == "Update" else "")
            for (name, operation, _), (version, owned) in self.entries.items()
            if path in owned and (name, operation) != (manager, "Apply")
        ]

    def take(self, manager: str, operation: str, version: str, paths: set[Path]) -> None:
        """`manager` owns `paths` now; with Apply these alone."""
        key = (manager, operation, "")
        before = self.entries.get(key, (version, set()))[1]
        owned = paths if operation == "Apply" else before | paths
        if owned:
            self.entries[key] = (version, owned)
        else:
            self.entries.pop(key, None)

    def give_up(self, paths: set[Path], keeper: tuple[str, str]) -> None:
        """All but `keeper` lose `paths`."""
        for key, (version, owned) in list(self.entries.items()):
            if key[:2] == keeper:
                continue
            left = owned - paths
            if left:
                self.entries[key] = (version, left)
            else:
                del self.entries[key]

    def owned(self, manager: str) -> set[Path]:
        """What `manager` applied before."""
        return self.entries.get((manager, "Apply", ""), ("", set()))[1]

    def is_owned(self, path: Path) -> bool:
        """Whether anybody owns `path`."""
        return any(path in owned for _, owned in self.entries.values())

    def listed(self, time: str) -> list[Object]:
        """As managedFields."""
        found = []
        for (name, operation, subresource), (version, owned) in self.entries.items():
            one: Object = {"manager": name, "operation": operation, "apiVersion": version}
            one |= {"time": time, "fieldsType": "FieldsV1", "fieldsV1": fields_v1(owned)}
            found.append(one | ({"subresource": subresource} if subresource else {}))
        return found


def applied(live: Object, config: Object, manager: str, *, force: bool, time: str) -> Object:
    """`live` after `manager` applied `config`. Raises ApiError when others own a field."""
    managers = Managers(live["metadata"])
    wanted = leaves(config)
    contested = {
        path: who
        for path in sorted(wanted)
        if (who := managers.others(manager, path)) and at(live, path) != at(config, path)
    }
    if contested and not force:
        raise field_conflict([(_told(who[0]), shown(path)) for path, who in contested.items()])
    managers.give_up(set(contested), (manager, "Apply"))
    removed = managers.owned(manager) - wanted
    managers.take(manager, "Apply", config["apiVersion"], wanted)
    result = copy.deepcopy(live)
    for path in sorted(removed, key=len, reverse=True):
        if not managers.is_owned(path):
            _remove(result, path)
    merged = dict(overlaid(result, config))
    merged["metadata"]["managedFields"] = managers.listed(time)
    return merged


def updated(before: Object | None, after: Object, manager: str, time: str) -> Object:
    """`after` with `manager` as the owner of what it changed."""
    managers = Managers((before or after)["metadata"])
    changed = {
        path for path in leaves(after) if before is None or at(before, path) != at(after, path)
    }
    gone = {path for path in leaves(before) if at(after, path) is None} if before else set()
    managers.give_up(changed | gone, (manager, "Update"))
    managers.take(manager, "Update", after["apiVersion"], changed)
    return {**after, "metadata": {**after["metadata"], "managedFields": managers.listed(time)}}


def _told(who: tuple[str, str]) -> str:
    name, version = who
    return f'"{name}" using {version}' if version else f'"{name}"'


def at(body: Any, path: Path) -> Any:
    """The value at `path`; None when there is none. An item of a list stands for itself."""
    place = body
    for index, (kind, value) in enumerate(path):
        if kind == "f":
            place = place.get(value) if isinstance(place, dict) else None
        else:
            place = _item(place, json.loads(value))
            if place is not None and index == len(path) - 1:
                return True
        if place is None:
            return None
    return place


def _item(items: Any, keys: Object) -> Any:
    if not isinstance(items, list):
        return None
    names = tuple(keys)
    return next((one for one in items if json.loads(_key(one, names)) == keys), None)


def _remove(body: Any, path: Path) -> None:
    place = at(body, path[:-1]) if len(path) > 1 else body
    if len(path) > 1 and path[-2][0] == "k":
        parent = at(body, path[:-2])
        place = _item(parent, json.loads(path[-2][1]))
    kind, value = path[-1]
    if kind == "f" and isinstance(place, dict):
        place.pop(value, None)
    elif kind == "k" and isinstance(place, list):
        found = _item(place, json.loads(value))
        if found is not None:
            place.remove(found)


def overlaid(base: Any, config: Any, field: str = "") -> Any:
    """`base` with what `config` states."""
    if isinstance(base, dict) and isinstance(config, dict) and not is_atomic(field):
        both = {name: overlaid(base.get(name), one, name) for name, one in config.items()}
        return {**base, **both}
    keys = list_keys(field)
    if isinstance(base, list) and isinstance(config, list) and keys:
        found = {_key(one, keys): one for one in base}
        for one in config:
            found[_key(one, keys)] = overlaid(found.get(_key(one, keys)), one)
        return list(found.values())
    return copy.deepcopy(config)
