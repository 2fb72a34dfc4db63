"""Events, counted as real ones are: the same one again raises its count."""

import itertools
from typing import Any, Final

from envdplan.testing.kubernetes.kinds import EVENT
from envdplan.testing.kubernetes.storage import Storage, now

Object = dict[str, Any]
_numbers: Final = itertools.count(0x18EB2D3B1B425600)


def tell(storage: Storage, about: Object, reason: str, message: str, *, warning: bool) -> None:
    """Make an event about an object, or count one of the same words."""
    metadata = about["metadata"]
    space = metadata["namespace"]
    for one in storage.list(EVENT, space):
        same = one["involvedObject"]["uid"] == metadata["uid"]
        if same and (one["reason"], one["message"]) == (reason, message):
            one["count"] += 1
            one["lastTimestamp"] = now()
            storage.put(EVENT, one)
            return
    involved = {
        "kind": about["kind"],
        "namespace": space,
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": about["apiVersion"],
        "resourceVersion": metadata["resourceVersion"],
    }
    event = {
        "metadata": {"name": f"{metadata['name']}.{next(_numbers):x}", "namespace": space},
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "type": "Warning" if warning else "Normal",
        "count": 1,
        "firstTimestamp": now(),
        "lastTimestamp": now(),
        "eventTime": None,
        "source": {"component": "kubelet" if about["kind"] == "Pod" else "statefulset-controller"},
        "reportingComponent": "",
        "reportingInstance": "",
    }
    storage.put(EVENT, storage.new(EVENT, event))
