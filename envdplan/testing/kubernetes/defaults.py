"""What the server fills in, so that an object reads back as a real one would."""

import hashlib
import json
from typing import Any, Final

from envdplan.testing.kubernetes.kinds import CLAIM, NAMESPACE, POD, SECRET, STATEFUL_SET, Kind

Object = dict[str, Any]
_TOLERATIONS: Final = [
    {"effect": "NoExecute", "key": f"node.kubernetes.io/{name}", "operator": "Exists"}
    | {"tolerationSeconds": 300}
    for name in ("not-ready", "unreachable")
]


def filled(kind: Kind, body: Object) -> Object:
    """`body` with the defaults of its kind. It is changed in place."""
    if kind is STATEFUL_SET:
        _stateful_set(body)
    elif kind is POD:
        pod_spec(body.setdefault("spec", {}), template=False)
        body.setdefault("status", {"phase": "Pending", "qosClass": "BestEffort"})
    elif kind is SECRET:
        body.setdefault("type", "Opaque")
    elif kind is NAMESPACE:
        body["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = body["metadata"][
            "name"
        ]
        body["spec"] = {"finalizers": ["kubernetes"]}
        body.setdefault("status", {"phase": "Active"})
    elif kind is CLAIM:
        _claim(body)
    return body


def _stateful_set(body: Object) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault(
        "persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain", "whenScaled": "Retain"}
    )
    spec.setdefault("updateStrategy", {"rollingUpdate": {"partition": 0}, "type": "RollingUpdate"})
    pod_spec(spec.setdefault("template", {}).setdefault("spec", {}), template=True)
    for claim in spec.get("volumeClaimTemplates") or ():
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        _claim(claim)
    body.setdefault("status", {"availableReplicas": 0, "replicas": 0})


def _claim(body: Object) -> None:
    body.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    body.setdefault("status", {"phase": "Pending"})


def pod_spec(spec: Object, *, template: bool) -> None:
    """A pod's spec; one of a template does not yet have what admission adds."""
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("securityContext", {})
    spec.setdefault("terminationGracePeriodSeconds", 30)
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        _container(container)
    for volume in spec.get("volumes") or ():
        _volume(volume)
    if not template:
        _admitted(spec)


def _admitted(spec: Object) -> None:
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    spec.setdefault("priority", 0)
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    spec["tolerations"] = [*(spec.get("tolerations") or ()), *_TOLERATIONS]


def _container(container: Object) -> None:
    image = str(container.get("image", ""))
    latest = ":" not in image.rsplit("/", 1)[-1] or image.endswith(":latest")
    pull = "Always" if latest and "@" not in image else "IfNotPresent"
    container.setdefault("imagePullPolicy", pull)
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    for name in ("readinessProbe", "livenessProbe", "startupProbe"):
        if probe := container.get(name):
            defaults = {"failureThreshold": 3, "periodSeconds": 10}
            for field, value in {**defaults, "successThreshold": 1, "timeoutSeconds": 1}.items():
                probe.setdefault(field, value)
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    _requests(container["resources"])


def _requests(resources: Object) -> None:
    """A limit without a request is the request too."""
    if limits := resources.get("limits"):
        requests = resources.setdefault("requests", {})
        for name, value in limits.items():
            requests.setdefault(name, value)


def _volume(volume: Object) -> None:
    for name, mode in (("configMap", 420), ("secret", 420), ("projected", 420)):
        if isinstance(volume.get(name), dict):
            volume[name].setdefault("defaultMode", mode)


def revision(stateful_set: Object) -> str:
    """The hash of the template, by which its pods are told apart."""
    template = json.dumps(stateful_set["spec"]["template"], sort_keys=True)
    digest = hashlib.sha256(template.encode()).hexdigest()[:10]
    return f"{stateful_set['metadata']['name']}-{digest}"


def pod_of(stateful_set: Object, number: int) -> Object:
    """The pod that a StatefulSet makes."""
    metadata, spec = stateful_set["metadata"], stateful_set["spec"]
    template = json.loads(json.dumps(spec["template"]))
    name = f"{metadata['name']}-{number}"
    marks = {
        "apps.kubernetes.io/pod-index": str(number),
        "controller-revision-hash": revision(stateful_set),
        "statefulset.kubernetes.io/pod-name": name,
    }
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": metadata["name"]}
    owner |= {"uid": metadata["uid"], "controller": True, "blockOwnerDeletion": True}
    inner = template["spec"]
    inner["hostname"], inner["subdomain"] = name, spec.get("serviceName", "")
    for claim in spec.get("volumeClaimTemplates") or ():
        source = {"claimName": f"{claim['metadata']['name']}-{name}"}
        inner.setdefault("volumes", []).append(
            {"name": claim["metadata"]["name"], "persistentVolumeClaim": source}
        )
    head = template.get("metadata") or {}
    return {
        "metadata": {
            "name": name,
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "labels": {**(head.get("labels") or {}), **marks},
            "annotations": head.get("annotations") or {},
            "ownerReferences": [owner],
        },
        "spec": inner,
    }
