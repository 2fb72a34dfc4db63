"""From attributes to Kubernetes objects, and the marks that tell them again. Pure.

A StatefulSet rather than a pod (which nobody starts again after an eviction) or a Deployment
(whose pods have other names each time): its pod keeps its name, which is what envd's context
holds, and its volume.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from envdplan.ground.addresses import Address
from envdplan.ground.attributes import Compared
from envdplan.ground.values import Attributes, Sensitive, Value, reveal
from envdplan.resources.builders.buildkitd_config import CONFIG_FILE, Rendered, render
from envdplan.resources.builders.kubernetes.pod_patch import merged
from envdplan.resources.builders.kubernetes.pod_schema import CONTAINER, POD

Object = dict[str, Any]

OWNER: Final = "envdplan.dev/address"
LINEAGE: Final = "envdplan.dev/lineage"
ATTRIBUTES: Final = "envdplan.dev/attributes"
"""What it was made with, in the words of the schema; secrets left out."""

_DIGEST: Final = "envdplan.dev/files"
INSTANCE: Final = "app.kubernetes.io/instance"
_ROOTLESS_CONFIG: Final = "/home/user/.config/buildkit"
_CONFIG: Final = "/etc/buildkit"
_STATE: Final = {"rootless": "/home/user/.local/share/buildkit"}
_USER: Final = 1000
_PROBE: Final = ["buildctl", "debug", "workers"]
_SECRET: Final = {"$secret": True}


def config_directory(attributes: Attributes) -> str:
    """Where buildkitd of this profile looks for its buildkitd.toml by itself."""
    return _ROOTLESS_CONFIG if attributes.get("profile") == "rootless" else _CONFIG


def rendered(attributes: Attributes) -> Rendered | None:
    """buildkitd.toml and its files, if there is a config. Raises EnvdplanError."""
    config = attributes.get("config")
    return render(config, config_directory(attributes)) if config else None


def objects(
    attributes: Attributes, owner: Address, lineage: str, files: Rendered | None
) -> list[Object]:
    """Everything that makes the builder, in the order in which it is applied."""
    marks = _Marks(str(attributes["name"]), owner, lineage, attributes)
    found = [_stateful_set(attributes, marks, files)]
    if secrets := secret_data(attributes, files):
        coded = {name: b64encode(value).decode() for name, value in sorted(secrets.items())}
        found.insert(0, _data("Secret", marks, f"{marks.name}-secrets", {"data": coded}))
    if files is not None:
        data = {"data": {CONFIG_FILE: files.toml.decode()}}
        found.insert(0, _data("ConfigMap", marks, f"{marks.name}-config", data))
    return found


def pod_of(stateful_set: Object) -> Object:
    """The first pod, as the StatefulSet would make it: to ask whether the namespace takes it."""
    template = stateful_set["spec"]["template"]
    claims = stateful_set["spec"].get("volumeClaimTemplates") or ()
    spec = {**template["spec"], "volumes": list(template["spec"].get("volumes") or ())}
    for claim in claims:
        name = claim["metadata"]["name"]
        source = {"claimName": f"{name}-{stateful_set['metadata']['name']}-0"}
        spec["volumes"].append({"name": name, "persistentVolumeClaim": source})
    name = f"{stateful_set['metadata']['name']}-0"
    metadata = {**template["metadata"], "name": name}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def secret_data(attributes: Attributes, files: Rendered | None) -> dict[str, bytes]:
    """What only a Secret may hold: sensitive variables, and the copied certificates and keys."""
    env = attributes.get("env")
    whole = isinstance(env, Sensitive)
    variables = reveal(env) or {}
    marks = env.value if isinstance(env, Sensitive) else env or {}
    secret = {
        f"env.{name}": str(variables[name]).encode()
        for name in variables
        if whole or isinstance(marks[name], Sensitive)
    }
    return {**secret, **(files.files if files is not None else {})}


def recorded(attributes: Attributes) -> str:
    """The annotation's text."""
    kept = {
        name: _hidden(value)
        for name, value in attributes.items()
        if name in RECORDED and value is not None
    }
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))


_COMPUTED: Final = frozenset(name for name, one in POD.items() if one.computed)
RECORDED: Final = frozenset(
    name
    for name, one in POD.items()
    if not one.computed and not one.state and one.compared is not Compared.NEVER
)
"""The attributes that objects are made from."""


def _hidden(value: Value) -> Any:
    if isinstance(value, Sensitive):
        return _SECRET
    if isinstance(value, Mapping):
        return {name: _hidden(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_hidden(one) for one in value]
    return value


class _Marks:
    """Names, labels and annotations that all objects share."""

    def __init__(self, name: str, owner: Address, lineage: str, attributes: Attributes) -> None:
        self.name = name
        self.selector = {"app.kubernetes.io/name": "buildkitd", INSTANCE: name}
        managed = {"app.kubernetes.io/managed-by": "envdplan"}
        self.labels = {**(reveal(attributes.get("labels")) or {}), **managed, **self.selector}
        self.annotations = {OWNER: str(owner), LINEAGE: lineage}

    def metadata(self, name: str, more: Mapping[str, str] | None = None) -> Object:
        annotations = {**self.annotations, **(more or {})}
        return {"name": name, "labels": self.labels, "annotations": annotations}


def _data(kind: str, marks: _Marks, name: str, data: Object) -> Object:
    return {"apiVersion": "v1", "kind": kind, "metadata": marks.metadata(name), **data}


def _stateful_set(attributes: Attributes, marks: _Marks, files: Rendered | None) -> Object:
    known = {name: value for name, value in attributes.items() if name not in _COMPUTED}
    plain = {name: _json(value) for name, value in reveal(known).items()}
    more = {ATTRIBUTES: recorded(attributes)}
    spec: Object = {
        "replicas": plain["replicas"],
        "serviceName": marks.name,
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": marks.selector},
        "template": {
            "metadata": {
                "labels": marks.labels,
                "annotations": _pod_annotations(plain, attributes, files, marks),
            },
            "spec": _pod_spec(plain, attributes, marks, files),
        },
    }
    if plain.get("storage"):
        spec["volumeClaimTemplates"] = [_claim(plain["storage"], marks)]
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": marks.metadata(marks.name, more),
        "spec": spec,
    }
    return dict(merged(manifest, plain["patch"])) if plain.get("patch") else manifest


def _json(value: Value) -> Any:
    if isinstance(value, Mapping):
        return {name: _json(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_json(one) for one in value]
    return value if isinstance(value, str | bool | int | None) else float(value)


def _pod_annotations(
    plain: Mapping[str, Any], attributes: Attributes, files: Rendered | None, marks: _Marks
) -> dict[str, str]:
    """A pod with builds must not be moved to save a node; a new file must restart it."""
    found = {
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
        "karpenter.sh/do-not-disrupt": "true",
        **(plain.get("annotations") or {}),
    }
    if digest := _digest(secret_data(attributes, files), files, marks):
        found[_DIGEST] = digest
    return found


def _digest(secrets: Mapping[str, bytes], files: Rendered | None, marks: _Marks) -> str:
    """Slow on purpose, and not the same for two states: secrets cannot be guessed from it."""
    if files is None and not secrets:
        return ""
    named = [(name, hashlib.sha256(value).hexdigest()) for name, value in sorted(secrets.items())]
    text = json.dumps([named, files.toml.decode() if files else ""])
    salt = f"{marks.annotations[LINEAGE]}/{marks.name}".encode()
    return hashlib.pbkdf2_hmac("sha256", text.encode(), salt, 100_000).hex()[:32]


def _claim(storage: Mapping[str, Any], marks: _Marks) -> Object:
    spec: Object = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": storage["size"]}},
    }
    if storage.get("class"):
        spec["storageClassName"] = storage["class"]
    return {"metadata": {"name": "cache", "labels": marks.selector}, "spec": spec}


def _pod_spec(
    plain: Mapping[str, Any], attributes: Attributes, marks: _Marks, files: Rendered | None
) -> Object:
    spec: Object = {
        "automountServiceAccountToken": bool(plain.get("service_account")),
        "terminationGracePeriodSeconds": plain["grace"],
        "containers": [_container(plain, attributes, marks, files)],
        "volumes": _volumes(plain, marks, files),
        **_security(plain["profile"]),
    }
    optional = {
        "serviceAccountName": plain.get("service_account"),
        "imagePullSecrets": [{"name": one} for one in plain.get("image_pull_secrets") or ()],
        "nodeSelector": plain.get("node_selector"),
        "tolerations": plain.get("tolerations"),
        "affinity": plain.get("affinity"),
        "topologySpreadConstraints": plain.get("topology_spread"),
        "priorityClassName": plain.get("priority_class"),
        "runtimeClassName": plain.get("runtime_class"),
        "schedulerName": plain.get("scheduler"),
    }
    return {**spec, **{name: value for name, value in optional.items() if value}}


def _security(profile: str) -> Object:
    match profile:
        case "rootless":
            # fsGroup makes the volume of the cache writable for the user.
            return {"securityContext": {"fsGroup": _USER}}
        case "userns":
            return {"hostUsers": False}
        case _:
            return {}


def _container(
    plain: Mapping[str, Any], attributes: Attributes, marks: _Marks, files: Rendered | None
) -> Object:
    rootless = plain["profile"] == "rootless"
    # A process sandbox needs rights that a pod without privileges does not have.
    sandbox = ["--oci-worker-no-process-sandbox"] if rootless else []
    found: Object = {
        "name": CONTAINER,
        "image": plain["image"],
        "args": [*sandbox, *plain["flags"]],
        "securityContext": _ROOTLESS if rootless else {"privileged": True},
        "resources": _resources(plain),
        "env": _environment(attributes, marks),
        "volumeMounts": _mounts(plain, attributes, files),
        **_probes(),
    }
    return {name: value for name, value in found.items() if value not in ([], {})}


_ROOTLESS: Final[Object] = {
    "runAsUser": _USER,
    "runAsGroup": _USER,
    "seccompProfile": {"type": "Unconfined"},
    "appArmorProfile": {"type": "Unconfined"},
}
"""moby/buildkit, docs/rootless.md and examples/kubernetes."""


def _probes() -> Object:
    """The answer takes seconds on a busy node, and a busy daemon must not be killed for it."""
    probe = {"exec": {"command": _PROBE}, "periodSeconds": 5, "timeoutSeconds": 10}
    return {
        "startupProbe": {**probe, "periodSeconds": 1, "failureThreshold": 120},
        "readinessProbe": {**probe, "failureThreshold": 3},
        "livenessProbe": {**probe, "periodSeconds": 30, "failureThreshold": 6},
    }


def _resources(plain: Mapping[str, Any]) -> Object:
    both = {"requests": plain.get("requests"), "limits": plain.get("limits")}
    return {name: value for name, value in both.items() if value}


def _environment(attributes: Attributes, marks: _Marks) -> list[Object]:
    secrets = secret_data(attributes, None)
    variables = reveal(attributes.get("env")) or {}
    found: list[Object] = []
    for name in sorted(variables):
        if f"env.{name}" in secrets:
            key = {"name": f"{marks.name}-secrets", "key": f"env.{name}"}
            found.append({"name": name, "valueFrom": {"secretKeyRef": key}})
        else:
            found.append({"name": name, "value": str(variables[name])})
    return found


def _mounts(
    plain: Mapping[str, Any], attributes: Attributes, files: Rendered | None
) -> list[Object]:
    state = _STATE.get(plain["profile"], "/var/lib/buildkit")
    found: list[Object] = [{"name": "cache", "mountPath": state}]
    if files is not None:
        path = config_directory(attributes)
        found.append({"name": "config", "mountPath": path, "readOnly": True})
    return found


def _volumes(plain: Mapping[str, Any], marks: _Marks, files: Rendered | None) -> list[Object]:
    found: list[Object] = []
    if not plain.get("storage"):
        limit = {"sizeLimit": plain["scratch_size"]} if plain.get("scratch_size") else {}
        found.append({"name": "cache", "emptyDir": limit})
    if files is not None:
        sources: list[Object] = [{"configMap": {"name": f"{marks.name}-config"}}]
        if files.files:
            items = [{"key": name, "path": name} for name in sorted(files.files)]
            secret = {"name": f"{marks.name}-secrets", "items": items}
            sources.append({"secret": secret})
        found.append({"name": "config", "projected": {"sources": sources}})
    return found
