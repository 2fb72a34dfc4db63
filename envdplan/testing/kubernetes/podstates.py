"""The states of a pod's one container, as a kubelet reports them. Pure."""

from typing import Any, Final

from envdplan.testing.kubernetes.storage import now

Object = dict[str, Any]
ADDRESS: Final = "127.0.0.1"


def conditions(*, ready: bool, scheduled: bool = True) -> list[Object]:
    """The conditions of a scheduled pod."""
    answers = {
        "PodReadyToStartContainers": ready,
        "Initialized": True,
        "Ready": ready,
        "ContainersReady": ready,
        "PodScheduled": scheduled,
    }
    return [
        {"type": name, "status": str(value), "lastProbeTime": None, "lastTransitionTime": now()}
        for name, value in answers.items()
    ]


def unschedulable(message: str) -> Object:
    """A pod that no node takes."""
    one: Object = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    one |= {"message": message, "lastProbeTime": None, "lastTransitionTime": now()}
    return {"phase": "Pending", "qosClass": "BestEffort", "conditions": [one]}


def scheduled() -> Object:
    """A pod that has a node, of which the kubelet knows nothing yet."""
    one: Object = {"type": "PodScheduled", "status": "True", "lastProbeTime": None}
    one |= {"lastTransitionTime": now()}
    return {"phase": "Pending", "qosClass": "BestEffort", "conditions": [one]}


def container(
    pod: Object, phase: str, state: Object, *, ready: bool = False, restarts: int = 0
) -> Object:
    """The status of a pod whose containers are in `state`."""
    statuses = [
        {
            "name": one["name"],
            "image": one["image"],
            "imageID": "",
            "lastState": state.get("last", {}),
            "ready": ready,
            "restartCount": restarts,
            "started": "running" in state,
            "state": {name: value for name, value in state.items() if name != "last"},
        }
        for one in pod["spec"]["containers"]
    ]
    return {
        "phase": phase,
        "qosClass": "BestEffort",
        "conditions": conditions(ready=ready),
        "containerStatuses": statuses,
        "hostIP": ADDRESS,
        "podIP": ADDRESS,
        "startTime": now(),
    }


def waiting(reason: str, message: str = "") -> Object:
    """A container that does not run yet."""
    return {"waiting": {"reason": reason} | ({"message": message} if message else {})}


def running() -> Object:
    """A container that runs."""
    return {"running": {"startedAt": now()}}


def terminated(reason: str, code: int) -> Object:
    """A container that ended."""
    return {"terminated": {"exitCode": code, "reason": reason, "finishedAt": now()}}
