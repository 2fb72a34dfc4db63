"""The attributes of kube-pod builders, and what follows from them."""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from envdplan.drivers.base import Undeclared
from envdplan.drivers.buildkitd_config import CONFIG
from envdplan.drivers.common import COMPUTED, RETRIES, TIMEOUT
from envdplan.schema import JsonSchema, Problem
from envdplan.values import Attributes, Sensitive, Value, is_known

ROOTLESS_IMAGE: Final = "docker.io/moby/buildkit:v0.19.0-rootless"
IMAGE: Final = "docker.io/moby/buildkit:v0.19.0"
CONTAINER: Final = "buildkitd"
CONFIGURED: Final = "as configured"

_NAME: Final = "^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$"
"""A DNS-1123 label, short enough for the names that are made of it."""

_TEXTS: Final[JsonSchema] = {"type": "object", "additionalProperties": {"type": "string"}}
_OBJECTS: Final[JsonSchema] = {"type": "array", "items": {"type": "object"}}
_PROFILES: Final = ("rootless", "privileged", "userns")


def _quantities(what: str, default: Mapping[str, str] | None = None) -> JsonSchema:
    schema: dict[str, Value] = {
        "type": "object",
        "additionalProperties": {"type": "string", "pattern": r"^\d+(\.\d+)?([mkKMGTPE]i?)?$"},
        "description": what,
    }
    return schema if default is None else {**schema, "default": default}


SCHEMA: Final[JsonSchema] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "kube-pod builder",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {
            "type": "string",
            "pattern": _NAME,
            "x-forces-replacement": True,
            "x-connection": True,
            "description": "Name of the StatefulSet (default: the label of the block)",
        },
        "mode": {
            "type": "string",
            "enum": ["managed", "attach"],
            "default": "managed",
            "x-unplanned": True,
            "x-connection": True,
            "description": "Make and keep the pods, or attach to pods that others made",
        },
        "pod": {
            "type": "string",
            "x-unplanned": True,
            "x-connection": True,
            "description": "With attach: the name of the pod",
        },
        "selector": {
            "type": "string",
            "x-unplanned": True,
            "x-connection": True,
            "description": "With attach: a label selector, such as app=buildkitd",
        },
        "container": {
            "type": "string",
            "default": CONTAINER,
            "x-unplanned": True,
            "x-connection": True,
            "description": "With attach: the container in the pod",
        },
        "namespace": {
            "type": "string",
            "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
            "x-forces-replacement": True,
            "x-connection": True,
            "description": "Namespace (default: that of the kubeconfig's context)",
        },
        "kubeconfig": {
            "type": "string",
            "x-path": True,
            "x-unplanned": True,
            "x-connection": True,
            "description": "A kubeconfig file (default: as kubectl, by KUBECONFIG and so on)",
        },
        "kube_context": {
            "type": "string",
            "x-forces-replacement": True,
            "x-connection": True,
            "description": "A context of the kubeconfig (default: its current one)",
        },
        "image": {
            "type": "string",
            "description": f"Image with buildkitd (default: {ROOTLESS_IMAGE}, without -rootless "
            "for the other profiles)",
        },
        "profile": {
            "type": "string",
            "enum": list(_PROFILES),
            "default": "rootless",
            "description": "What buildkitd may do: rootless, privileged, or privileged within a "
            "user namespace (Kubernetes 1.33 and later)",
        },
        "replicas": {
            "type": "integer",
            "minimum": 1,
            "default": 1,
            "x-connection": True,
            "description": "Pods, 1 or more; each has a cache of its own, and a build always goes "
            "to the same",
        },
        "requests": _quantities("What the scheduler reserves", {"cpu": "500m", "memory": "1Gi"}),
        "limits": _quantities("What a pod may use at most"),
        "env": {**_TEXTS, "description": "Environment of buildkitd, such as proxies"},
        "flags": {
            "type": "array",
            "items": {"type": "string"},
            "default": (),
            "description": "Arguments of buildkitd",
        },
        "config": CONFIG,
        "storage": {
            "type": "object",
            "additionalProperties": False,
            "required": ["size"],
            "x-forces-replacement": True,
            "description": "A volume for the cache of each pod; without it the cache is lost with "
            "the pod",
            "properties": {
                "size": {"type": "string", "description": "How large, such as 50Gi"},
                "class": {"type": "string", "description": "Storage class"},
            },
        },
        "scratch_size": {
            "type": "string",
            "description": "Without storage: how large the cache may become, such as 20Gi",
        },
        "keep_state": {
            "type": "boolean",
            "default": False,
            "x-unplanned": True,
            "description": "Keep the volumes when the builder is destroyed",
        },
        "service_account": {"type": "string", "description": "Service account of the pods"},
        "image_pull_secrets": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Names of secrets to pull the image with",
        },
        "annotations": {**_TEXTS, "description": "Annotations of the pods"},
        "labels": {**_TEXTS, "description": "Labels of all objects"},
        "node_selector": {**_TEXTS, "description": "Labels that a node must have"},
        "tolerations": {**_OBJECTS, "description": "Taints that the pods tolerate"},
        "affinity": {"type": "object", "description": "As in a pod's spec"},
        "topology_spread": {**_OBJECTS, "description": "topologySpreadConstraints of the pods"},
        "priority_class": {"type": "string", "description": "Priority class of the pods"},
        "runtime_class": {"type": "string", "description": "Runtime class of the pods"},
        "scheduler": {"type": "string", "description": "Scheduler of the pods"},
        "grace": {
            "type": "integer",
            "minimum": 0,
            "default": 120,
            "description": "Seconds, 0 or more, that running builds have to end when a pod is "
            "stopped",
        },
        "patch": {
            "type": "object",
            "description": "Merged onto the StatefulSet, as kubectl patch would: lists of named "
            "things by name, null removes",
        },
        "create_namespace": {
            "type": "boolean",
            "default": False,
            "x-unplanned": True,
            "description": "Make the namespace when it is not there; it is never removed",
        },
        "schedule_timeout": {
            "type": "number",
            "default": 0,
            "minimum": 0,
            "x-unplanned": True,
            "description": "Seconds, 0 or more, that a pod may find no node, where a cluster adds "
            "nodes itself",
        },
        "bootstrap": {
            "type": "boolean",
            "default": True,
            "x-unplanned": True,
            "description": "Make it when it is not there; false only checks",
        },
        "timeout": {
            **TIMEOUT,
            "default": 120,
            "description": "Seconds until it has to be ready, 1 or more",
        },
        "retries": RETRIES,
        "status": {
            "type": "string",
            "enum": ["running"],
            "default": "running",
            "description": "State of the pods",
        },
        "manifest": {
            "type": "string",
            "enum": [CONFIGURED],
            "default": CONFIGURED,
            "description": "Whether somebody else changed the objects, and what",
        },
        "address": {
            "type": "string",
            "readOnly": True,
            "description": "What envd's store holds for it: POD?context=&namespace=&container=",
        },
        **COMPUTED,
    },
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
        detail = 'With mode = "attach" either pod or selector says which pod it is.'
        yield ("mode",), "Ambiguous pod", detail
    if not attach and named:
        detail = (
            f'{named[0]} belongs to mode = "attach"; a pod that envdplan makes is called by name.'
        )
        yield (named[0],), "Attribute has no effect", detail
    for name in ("name", "namespace", "image", "annotations", "labels", "patch", "affinity"):
        if isinstance(attributes.get(name), Sensitive):
            detail = f'"{name}" is visible to everybody who can see the pod.'
            yield (name,), "Sensitive value not allowed here", detail
    if attributes.get("storage") is not None and attributes.get("scratch_size") is not None:
        detail = "scratch_size is for a cache that is lost with the pod; storage has a size."
        yield ("scratch_size",), "Attribute has no effect", detail


def consequence(changed: frozenset[str | int], attributes: Attributes) -> str:
    """What a change of pods in place does to them."""
    if attributes.get("mode") == "attach" or changed <= {"status", "replicas"}:
        return ""
    if attributes.get("storage") is None:
        return "the pods start anew, and what they have cached is lost"
    return "the pods start anew, and their caches stay"
