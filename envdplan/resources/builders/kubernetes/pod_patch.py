"""Strategic merge, as far as a builder's objects need it (Kubernetes: kubectl patch).

Objects merge by key, null removes, lists of things with a name merge by it, other lists are
replaced.
"""

from typing import Any, Final

_KEYS: Final = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
}
"""patchMergeKey of Kubernetes' own types (core/v1)."""


def merged(base: Any, patch: Any, field: str = "") -> Any:
    """`base` with `patch` on top."""
    if isinstance(base, dict) and isinstance(patch, dict):
        names = [*base, *(name for name in patch if name not in base)]
        both = ((name, _value(base, patch, name)) for name in names)
        return {name: value for name, value in both if value is not None}
    if isinstance(base, list) and isinstance(patch, list) and field in _KEYS:
        return _by_key(base, patch, _KEYS[field])
    return patch


def _value(base: dict[str, Any], patch: dict[str, Any], name: str) -> Any:
    if name not in patch:
        return base[name]
    return merged(base.get(name), patch[name], name)


def _by_key(base: list[Any], patch: list[Any], key: str) -> list[Any]:
    found = {one.get(key): one for one in base}
    for one in patch:
        name = one.get(key)
        found[name] = merged(found[name], one) if name in found else one
    return list(found.values())
