"""The attributes of kube-pod builders, and what follows from them."""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from envdplan.ground.attributes import Attribute, Claims, Compared, Computed, JsonSchema
from envdplan.ground.schema import Problem
from envdplan.ground.values import Attributes, Sensitive, Value, is_known
from envdplan.resources.builders.base import Undeclared
from envdplan.resources.builders.buildkitd_config import CONFIG
from envdplan.resources.builders.common import COMPUTED, RETRIES, TIMEOUT

ROOTLESS_IMAGE: Final = "docker.io/moby/buildkit:v0.19.0-rootless"
IMAGE: Final = "docker.io/moby/buildkit:v0.19.0"
CONTAINER: Final = "buildkitd"
CONFIGURED: Final = "as configured"

_NAME: Final = "^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$"
"""A DNS-1123 label, short enough for the names that are made of it."""

_SEEN: Final = "is visible to everybody who can see the pod"
_TEXTS: Final[JsonSchema] = {"type": "object", "additionalProperties": {"type": "string"}}
_OBJECTS: Final[JsonSchema] = {"type": "array", "items": {"type": "object"}}
_PROFILES: Final = ("rootless", "privileged", "userns")


def _quantities(about: str, default: Mapping[str, str] | None = None) -> Attribute:
    schema: dict[str, Value] = {
        "type": "object",
        "additionalProperties": {"type": "string", "pattern": r"^\d+(\.\d+)?([mkKMGTPE]i?)?$"},
    }
    return Attribute(about, schema if default is None else {**schema, "default": default})


POD: Final[Mapping[str, Attribute]] = {
    "name": Attribute(
        "Name of the StatefulSet (default: the label of the block)",
        {"type": "string", "pattern": _NAME},
        compared=Compared.REPLACES,
        connection=True,
        identity=True,
        place=True,
        finds=True,
        own=True,
        claims=Claims.CONTAINER,
        in_clear=_SEEN,
    ),
    "mode": Attribute(
        "Create and manage the pods, or attach to existing ones",
        {
            "type": "string",
            "enum": ["managed", "attach"],
            "default": "managed",
        },
        compared=Compared.NEVER,
        connection=True,
        finds=True,
    ),
    "pod": Attribute(
        "With attach: the name of the pod",
        {"type": "string"},
        compared=Compared.NEVER,
        connection=True,
    ),
    "selector": Attribute(
        "With attach: a label selector, such as app=buildkitd",
        {"type": "string"},
        compared=Compared.NEVER,
        connection=True,
    ),
    "container": Attribute(
        "With attach: the container in the pod",
        {"type": "string", "default": CONTAINER},
        compared=Compared.NEVER,
        connection=True,
    ),
    "namespace": Attribute(
        "Namespace (default: that of the kubeconfig's context)",
        {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"},
        compared=Compared.REPLACES,
        connection=True,
        place=True,
        finds=True,
        in_clear=_SEEN,
    ),
    "kubeconfig": Attribute(
        "A kubeconfig file (default: as kubectl, by KUBECONFIG and so on)",
        {"type": "string", "x-path": True},
        compared=Compared.NEVER,
        connection=True,
        finds=True,
    ),
    "kube_context": Attribute(
        "A context of the kubeconfig (default: its current one)",
        {"type": "string"},
        compared=Compared.REPLACES,
        connection=True,
        place=True,
        finds=True,
    ),
    "image": Attribute(
        f"Image with buildkitd (default: {ROOTLESS_IMAGE}, without -rootless "
        "for the other profiles)",
        {"type": "string"},
        in_clear=_SEEN,
    ),
    "profile": Attribute(
        "What buildkitd may do: rootless, privileged, or privileged within a "
        "user namespace (Kubernetes 1.33 and later)",
        {
            "type": "string",
            "enum": list(_PROFILES),
            "default": "rootless",
        },
    ),
    "replicas": Attribute(
        "Pods, 1 or more; each has a cache of its own, and a build always goes to the same",
        {
            "type": "integer",
            "minimum": 1,
            "default": 1,
        },
        connection=True,
    ),
    "requests": _quantities("What the scheduler reserves", {"cpu": "500m", "memory": "1Gi"}),
    "limits": _quantities("What a pod may use at most"),
    "env": Attribute("Environment of buildkitd, such as proxies", _TEXTS),
    "flags": Attribute(
        "Arguments of buildkitd",
        {
            "type": "array",
            "items": {"type": "string"},
            "default": (),
        },
    ),
    "config": CONFIG,
    "storage": Attribute(
        "A volume for the cache of each pod; without it the cache is lost with the pod",
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["size"],
            "properties": {
                "size": {"type": "string", "description": "How large, such as 50Gi"},
                "class": {"type": "string", "description": "Storage class"},
            },
        },
        compared=Compared.REPLACES,
    ),
    "scratch_size": Attribute(
        "Without storage: how large the cache may become, such as 20Gi", {"type": "string"}
    ),
    "keep_state": Attribute(
        "Keep the volumes when the builder is destroyed",
        {"type": "boolean", "default": False},
        compared=Compared.NEVER,
    ),
    "service_account": Attribute("Service account of the pods", {"type": "string"}),
    "image_pull_secrets": Attribute(
        "Names of secrets to pull the image with",
        {"type": "array", "items": {"type": "string"}},
    ),
    "annotations": Attribute("Annotations of the pods", _TEXTS, in_clear=_SEEN),
    "labels": Attribute("Labels of all objects", _TEXTS, in_clear=_SEEN),
    "node_selector": Attribute("Labels that a node must have", _TEXTS),
    "tolerations": Attribute("Taints that the pods tolerate", _OBJECTS),
    "affinity": Attribute("As in a pod's spec", {"type": "object"}, in_clear=_SEEN),
    "topology_spread": Attribute("topologySpreadConstraints of the pods", _OBJECTS),
    "priority_class": Attribute("Priority class of the pods", {"type": "string"}),
    "runtime_class": Attribute("Runtime class of the pods", {"type": "string"}),
    "scheduler": Attribute("Scheduler of the pods", {"type": "string"}),
    "grace": Attribute(
        "Seconds, 0 or more, that running builds have to end when a pod is stopped",
        {
            "type": "integer",
            "minimum": 0,
            "default": 120,
        },
    ),
    "patch": Attribute(
        "Merged onto the StatefulSet, as kubectl patch would: lists of named "
        "things by name, null removes",
        {"type": "object"},
        in_clear=_SEEN,
    ),
    "create_namespace": Attribute(
        "Create the namespace if it does not exist; it is never removed",
        {"type": "boolean", "default": False},
        compared=Compared.NEVER,
    ),
    "schedule_timeout": Attribute(
        "Seconds, 0 or more, that a pod may find no node, where a cluster adds nodes itself",
        {
            "type": "number",
            "default": 0,
            "minimum": 0,
        },
        compared=Compared.NEVER,
    ),
    "bootstrap": Attribute(
        "Create the pods if they do not exist; false only checks",
        {"type": "boolean", "default": True},
        compared=Compared.NEVER,
    ),
    "timeout": TIMEOUT.but("Seconds to wait until it is ready, 1 or more", default=120),
    "retries": RETRIES,
    "status": Attribute(
        "State of the pods",
        {
            "type": "string",
            "enum": ["running"],
            "default": "running",
        },
        state=True,
    ),
    "manifest": Attribute(
        "Whether somebody else changed the objects, and what",
        {
            "type": "string",
            "enum": [CONFIGURED],
            "default": CONFIGURED,
        },
        state=True,
    ),
    "address": Attribute(
        "Address in envd's store: POD?context=&namespace=&container=",
        {"type": "string"},
        computed=Computed.FOLLOWS,
        identity=True,
        finds=True,
    ),
    **COMPUTED,
}


def derive(attributes: Attributes) -> Attributes:
    """The image of the profile, and the address that envd hands to kubectl."""
    made = dict(attributes)
    if made.get("image") is None and isinstance(made.get("profile"), str):
        made["image"] = ROOTLESS_IMAGE if made["profile"] == "rootless" else IMAGE
    parts = (made.get("name"), made.get("pod"), made.get("namespace"), made.get("kube_context"))
    if made.get("selector") is not None:
        made["address"] = _by_selector(made)
    elif all(is_known(part) for part in parts) and made.get("name"):
        made["address"] = _address(made)
    return made


def _address(made: Attributes) -> str:
    pod = made.get("pod") or f"{made['name']}-0"
    return f"{pod}?{_query(made)}"


def _by_selector(made: Attributes) -> str:
    """envd has no form for it: which pod it is turns out when it is dialed."""
    return f"?{_query(made)}&selector={made['selector']}"


def _query(made: Attributes) -> str:
    return urlencode(
        {
            "context": made.get("kube_context") or "",
            "namespace": made.get("namespace") or "",
            "container": made.get("container") or CONTAINER,
        }
    )


_ADDRESS: Final = re.compile(r"(?:kube-pod://)?([-a-z0-9.]*)(?:\?(.*))?")


def from_address(address: str) -> Undeclared | None:
    """The pod that an address of envd's form names."""
    from urllib.parse import parse_qsl

    match = _ADDRESS.fullmatch(address)
    if match is None:
        return None
    query = dict(parse_qsl(match.group(2) or ""))
    if not match.group(1) and "selector" not in query:
        return None
    reach = {
        "mode": "attach",
        "name": match.group(1),
        "pod": match.group(1) or None,
        "selector": query.get("selector"),
        "container": query.get("container") or CONTAINER,
        "namespace": query.get("namespace") or None,
        "kube_context": query.get("context") or None,
        "timeout": 10,
    }
    return Undeclared(reach)


def problems(attributes: Attributes) -> Iterator[Problem]:
    """What goes together, and what everybody can see."""
    attach = attributes.get("mode") == "attach"
    named = [one for one in ("pod", "selector") if attributes.get(one) is not None]
    if attach and len(named) != 1:
        detail = 'With mode = "attach", set either pod or selector.'
        yield ("mode",), "Ambiguous pod", detail
    if not attach and named:
        detail = (
            f'{named[0]} belongs to mode = "attach"; a pod that envdplan makes is called by name.'
        )
        yield (named[0],), "Attribute has no effect", detail
    for name, one in POD.items():
        if one.in_clear and isinstance(attributes.get(name), Sensitive):
            detail = f'"{name}" {one.in_clear}.'
            yield (name,), "Sensitive value not allowed here", detail
    if attributes.get("storage") is not None and attributes.get("scratch_size") is not None:
        detail = (
            "scratch_size limits a cache without storage. Remove it, and set the size in storage."
        )
        yield ("scratch_size",), "Attribute has no effect", detail


def consequence(changed: frozenset[str | int], attributes: Attributes) -> str:
    """What a change of pods in place does to them."""
    if attributes.get("mode") == "attach" or changed <= {"status", "replicas"}:
        return ""
    if attributes.get("storage") is None:
        return "the pods start anew, and what they have cached is lost"
    return "the pods start anew, and their caches stay"
