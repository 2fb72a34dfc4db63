"""What the server can do, as clients such as kubectl ask for it first."""

from typing import Any

from envdplan.testing.kubernetes.kinds import KINDS, NAMESPACE, POD, REVIEW, Kind

Object = dict[str, Any]


def answer(path: str, version: str, address: str) -> Object | None:
    """The document at `path`, if it is one of these."""
    match path.strip("/").split("/"):
        case ["version"]:
            return _version(version)
        case ["api"]:
            served = {"clientCIDR": "0.0.0.0/0", "serverAddress": address}
            found: Object = {"kind": "APIVersions", "versions": ["v1"]}
            return {**found, "serverAddressByClientCIDRs": [served]}
        case ["apis"]:
            groups = sorted({one.group for one in KINDS if one.group})
            listed = [_group(name) for name in groups]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
        case ["apis", group]:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group)}
        case ["api", "v1"]:
            return _resources("", "v1")
        case ["apis", group, "v1"]:
            return _resources(group, f"{group}/v1")
    return None


def _version(version: str) -> Object:
    major, minor, _ = version.split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"v{version}",
        "gitCommit": "envdplan-testing",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "none",
        "compiler": "none",
        "platform": "linux/amd64",
    }


def _group(name: str) -> Object:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


def _resources(group: str, version: str) -> Object:
    listed = [one for kind in KINDS if kind.group == group for one in _listed(kind)]
    head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version}
    return {**head, "resources": listed}


def _listed(kind: Kind) -> list[Object]:
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    one: Object = {
        "name": kind.plural,
        "singularName": kind.name.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": ["create"] if kind is REVIEW else verbs,
    }
    if kind.short:
        one["shortNames"] = [kind.short]
    found = [one]
    if kind is POD:
        for name, verbs in (("exec", ["create", "get"]), ("log", ["get"])):
            found.append({**one, "name": f"pods/{name}", "singularName": "", "verbs": verbs})
    if kind is NAMESPACE:
        one["verbs"] = ["create", "delete", "get", "list", "watch"]
    return found
