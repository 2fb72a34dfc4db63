"""The patches that clients send besides server-side apply."""

import copy
import json
from typing import Any

from envdplan.testing.kubernetes.schemas import list_keys
from envdplan.testing.kubernetes.statuses import ApiError, bad

Object = dict[str, Any]


def patched(body: Object, content: str, patch: bytes) -> Object:
    """`body` after a JSON, merge or strategic merge patch. Raises ApiError."""
    try:
        found = json.loads(patch)
    except ValueError as error:
        raise bad(f"error decoding patch: {error}") from error
    match content:
        case "application/json-patch+json":
            return _json_patch(copy.deepcopy(body), found)
        case "application/merge-patch+json":
            return dict(_merge(body, found))
        case "application/strategic-merge-patch+json":
            return dict(_strategic(body, found))
    raise ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def _merge(base: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    found = dict(base) if isinstance(base, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = _merge(found.get(name), value)
    return found


def _strategic(base: Any, patch: Any, field: str = "") -> Any:
    if isinstance(patch, dict) and isinstance(base, dict):
        found = dict(base)
        for name, value in patch.items():
            if name.startswith("$"):
                continue
            if value is None:
                found.pop(name, None)
            else:
                found[name] = _strategic(found.get(name), value, name)
        return found
    keys = list_keys(field)
    if isinstance(patch, list) and isinstance(base, list) and keys:
        return _by_key(base, patch, keys[0])
    return patch


def _by_key(base: list[Any], patch: list[Any], key: str) -> list[Any]:
    found = {one.get(key): one for one in base}
    for one in patch:
        if one.get("$patch") == "delete":
            found.pop(one.get(key), None)
        else:
            found[one.get(key)] = _strategic(found.get(one.get(key), {}), one)
    return list(found.values())


def _json_patch(body: Object, steps: list[Object]) -> Object:
    for step in steps:
        *path, last = [
            part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]
        ]
        place: Any = body
        for part in path:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        _step(place, last, step)
    return body


def _step(place: Any, name: str, step: Object) -> None:
    if step["op"] == "remove":
        del place[int(name) if isinstance(place, list) else name]
    elif isinstance(place, list):
        if name == "-":
            place.append(step["value"])
        elif step["op"] == "add":
            place.insert(int(name), step["value"])
        else:
            place[int(name)] = step["value"]
    else:
        place[name] = step["value"]
