"""How the pods of a builder are, in words: ready, on the way, or never to be ready. Pure.

The catalogue of what never gets ready was seen on Kubernetes 1.20 and 1.36: reasons of waiting
containers, of the scheduler, and events of the kubelet and the controllers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

Object = dict[str, Any]

_HINTS: Final = {
    "ErrImagePull": "Check the image's name, and image_pull_secrets for a private registry.",
    "ImagePullBackOff": "Check the image's name, and image_pull_secrets for a private registry.",
    "ErrImageNeverPull": "The node does not have the image, and may not pull it.",
    "InvalidImageName": "Check the image's name.",
    "CreateContainerConfigError": "A config map or secret that it needs is missing.",
    "CreateContainerError": "The node cannot make the container.",
    "RunContainerError": "The node cannot start the container: check image and flags.",
    "CrashLoopBackOff": "buildkitd keeps ending: check flags, config and profile.",
    "OOMKilled": "buildkitd needs more memory than limits allow.",
    "Unschedulable": "No node takes the pod: check requests, node_selector, tolerations and "
    "storage. Where the cluster adds nodes itself, set schedule_timeout.",
    "FailedMount": "A volume that it needs cannot be mounted.",
    "FailedAttachVolume": "Its volume cannot be attached to the node.",
    "FailedCreatePodSandBox": "The node cannot make the pod: is the runtime class right?",
    "FailedCreate": "The namespace refuses the pod: check its Pod Security level, its quota, and "
    'whether profile can be "rootless".',
    "FailedScheduling": "No node takes the pod.",
    "ProvisioningFailed": "No volume can be made: check storage.class and size.",
    "Unhealthy": "buildkitd runs but does not answer: is buildctl in the image?",
    "Evicted": "The node had too little memory or disk: set requests and limits.",
}
_WAITING: Final = frozenset(_HINTS) - {"Unhealthy", "FailedCreate", "Unschedulable"}
_EVENTS: Final = frozenset(
    {"FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedCreate"}
    | {"ProvisioningFailed", "Evicted"}
)
_PATIENT: Final = 3
"""So many failed probes are no start that takes a moment."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a pod is not ready, and will not be without help."""

    reason: str
    """Kubernetes' own word."""
    message: str
    pod: str = ""

    @property
    def sentence(self) -> str:
        """For the user."""
        where = f"{self.pod}: " if self.pod else ""
        message = " ".join(self.message.split()).rstrip(".")
        said = f"{self.reason} ({message})" if message else self.reason
        hint = _HINTS.get(self.reason, "")
        return f"{where}{said}. {hint}".strip()


def is_leaving(pod: Object) -> bool:
    """Whether it is being removed."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def is_ready(pod: Object) -> bool:
    """Whether it takes work: ready, and not on its way out."""
    return not is_leaving(pod) and _condition(pod, "Ready") == "True"


def generation_seen(stateful_set: Object) -> bool:
    """Whether the controller has looked at the newest spec."""
    status = stateful_set.get("status") or {}
    return int(status.get("observedGeneration") or 0) >= int(
        stateful_set["metadata"].get("generation") or 0
    )


def all_ready(stateful_set: Object, pods: Iterable[Object]) -> bool:
    """Whether every pod is there, of the newest revision, and ready."""
    status = stateful_set.get("status") or {}
    wanted = int(stateful_set["spec"].get("replicas") or 0)
    revision = status.get("updateRevision")
    label = "controller-revision-hash"
    ready = [
        one
        for one in pods
        if is_ready(one)
        and (not revision or one["metadata"].get("labels", {}).get(label) == revision)
    ]
    return generation_seen(stateful_set) and wanted > 0 and len(ready) >= wanted


def problems(pods: Iterable[Object], events: Iterable[Object]) -> Iterator[Problem]:
    """Everything that keeps a builder from getting ready; the first says it best."""
    alive = [one for one in pods if not is_leaving(one)]
    for pod in alive:
        yield from _of_pod(pod)
    ready = {one["metadata"]["name"] for one in alive if is_ready(one)}
    yield from _of_events(events, ready, {one["metadata"].get("uid") for one in alive})


def _of_pod(pod: Object) -> Iterator[Problem]:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    for container in _containers(status):
        state = container.get("state") or {}
        waiting = state.get("waiting") or {}
        last = (container.get("lastState") or {}).get("terminated") or {}
        if last.get("reason") == "OOMKilled" and not container.get("ready"):
            yield Problem("OOMKilled", "", name)
        if waiting.get("reason") in _WAITING:
            yield Problem(waiting["reason"], waiting.get("message") or "", name)
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
            yield Problem("Unschedulable", condition.get("message") or "", name)
    if status.get("phase") == "Failed":
        yield Problem(status.get("reason") or "Failed", status.get("message") or "", name)


def _containers(status: Object) -> list[Object]:
    both = ("initContainerStatuses", "containerStatuses")
    return [one for name in both for one in status.get(name) or ()]


def _of_events(
    events: Iterable[Object], ready: set[str], uids: set[str | None]
) -> Iterator[Problem]:
    """Events outlive what they are about: those of former pods do not count."""
    for event in events:
        about = event.get("involvedObject") or {}
        name = str(about.get("name") or "")
        former = about.get("kind") == "Pod" and about.get("uid") not in {*uids, None, ""}
        if name in ready or former:
            continue
        reason, message = event.get("reason"), str(event.get("message") or "")
        if reason in _EVENTS or (reason == "Unhealthy" and _is_lasting(event)):
            yield Problem(str(reason), message, name)


def _is_lasting(event: Object) -> bool:
    """A probe may fail while buildkitd starts; one that cannot run at all never succeeds."""
    message = str(event.get("message") or "")
    hopeless = "executable file not found" in message or "no such file" in message
    return hopeless or int(event.get("count") or 1) >= _PATIENT


def _condition(pod: Object, type: str) -> str:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return next((str(one.get("status")) for one in conditions if one["type"] == type), "")
