"""Makes and removes the pods of StatefulSets, and removes what owners leave behind."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from envdplan.testing.kubernetes.defaults import filled, pod_of, revision
from envdplan.testing.kubernetes.events import tell
from envdplan.testing.kubernetes.kinds import CLAIM, KINDS, NAMESPACE, POD, STATEFUL_SET
from envdplan.testing.kubernetes.kubelet import Kubelet
from envdplan.testing.kubernetes.statuses import ApiError
from envdplan.testing.kubernetes.storage import Storage, now

Object = dict[str, Any]
Admission = Callable[[Object], None]
"""Raises ApiError when the namespace refuses a pod."""


class Controllers:
    """One task that looks at everything after each change."""

    def __init__(self, storage: Storage, kubelet: Kubelet, admit: Admission, pace: float) -> None:
        self._storage, self._kubelet, self._admit, self._pace = storage, kubelet, admit, pace
        self._told: set[str] = set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            version = self._storage.version
            for one in list(self._storage.list(STATEFUL_SET, None)):
                self._stateful_set(one)
            self._collect()
            self._namespaces()
            self._kubelet.look()
            if version == self._storage.version:
                await self._storage.wait(self._pace * 5)
            else:
                await asyncio.sleep(self._pace)

    # -- StatefulSets

    def _stateful_set(self, one: Object) -> None:
        pods = self._pods(one)
        if one["metadata"].get("deletionTimestamp"):
            self._leave(one, pods)
        else:
            self._scale(one, pods)
        current = self._storage.get(STATEFUL_SET, *_place(one))
        if current is not None:
            self._storage.put(STATEFUL_SET, {**current, "status": self._status(current)})

    def _pods(self, owner: Object) -> list[Object]:
        uid = owner["metadata"]["uid"]
        return [
            pod
            for pod in self._storage.list(POD, owner["metadata"]["namespace"])
            if any(ref["uid"] == uid for ref in pod["metadata"].get("ownerReferences") or ())
        ]

    def _scale(self, one: Object, pods: list[Object]) -> None:
        wanted = one["spec"]["replicas"]
        found = {_number(pod): pod for pod in pods}
        for number in range(wanted):
            if number not in found and not self._create(one, number):
                break
        newest = revision(one)
        outdated = [
            pod
            for number, pod in found.items()
            if number >= wanted
            or pod["metadata"]["labels"].get("controller-revision-hash") != newest
        ]
        for pod in sorted(outdated, key=_number, reverse=True)[:1]:
            self._delete(one, pod)

    def _create(self, owner: Object, number: int) -> bool:
        pod = pod_of(owner, number)
        name = pod["metadata"]["name"]
        set_name = owner["metadata"]["name"]
        try:
            self._admit({**pod, "apiVersion": "v1", "kind": "Pod"})
        except ApiError as error:
            told = f"create Pod {name} in StatefulSet {set_name} failed error: {error.message}"
            self._tell(owner, "FailedCreate", told, warning=True)
            return False
        for claim in owner["spec"].get("volumeClaimTemplates") or ():
            self._claim(owner, claim, name)
        made = filled(POD, self._storage.new(POD, pod))
        self._storage.put(POD, made)
        told = f"create Pod {name} in StatefulSet {set_name} successful"
        self._tell(owner, "SuccessfulCreate", told, warning=False)
        return True

    def _claim(self, owner: Object, template: Object, pod: str) -> None:
        name = f"{template['metadata']['name']}-{pod}"
        space = owner["metadata"]["namespace"]
        if self._storage.get(CLAIM, space, name) is None:
            labels = {
                **(template["metadata"].get("labels") or {}),
                **owner["spec"]["selector"]["matchLabels"],
            }
            body = {
                "metadata": {"name": name, "namespace": space, "labels": labels},
                "spec": template["spec"],
                "status": {"phase": "Bound"},
            }
            self._storage.put(CLAIM, self._storage.new(CLAIM, body))

    def _delete(self, owner: Object, pod: Object) -> None:
        if pod["metadata"].get("deletionTimestamp"):
            return
        leaving(self._storage, POD, pod, pod["spec"]["terminationGracePeriodSeconds"])
        name, set_name = pod["metadata"]["name"], owner["metadata"]["name"]
        told = f"delete Pod {name} in StatefulSet {set_name} successful"
        self._tell(owner, "SuccessfulDelete", told, warning=False)

    def _leave(self, one: Object, pods: list[Object]) -> None:
        for pod in pods:
            if not pod["metadata"].get("deletionTimestamp"):
                leaving(self._storage, POD, pod, pod["spec"]["terminationGracePeriodSeconds"])
        if not pods:
            self._storage.remove(STATEFUL_SET, one)

    def _tell(self, owner: Object, reason: str, message: str, *, warning: bool) -> None:
        current = self._storage.get(STATEFUL_SET, *_place(owner))
        if current is not None:
            last = f"{reason}{message}"
            if reason == "FailedCreate" and last in self._told:
                return
            self._told.add(last)
            tell(self._storage, current, reason, message, warning=warning)

    def _status(self, one: Object) -> Object:
        pods, newest = self._pods(one), revision(one)
        former = one.get("status") or {}
        ready = [pod for pod in pods if _is_ready(pod)]
        fresh = [
            pod
            for pod in pods
            if pod["metadata"]["labels"].get("controller-revision-hash") == newest
            and not pod["metadata"].get("deletionTimestamp")
        ]
        settled = len(fresh) == len(pods) == one["spec"]["replicas"]
        current = newest if settled else former.get("currentRevision", newest)
        counts: Object = {
            "availableReplicas": len(ready),
            "collisionCount": 0,
            "currentReplicas": len(fresh) if current == newest else 0,
            "currentRevision": current,
            "observedGeneration": one["metadata"]["generation"],
            "readyReplicas": len(ready),
            "replicas": len(pods),
            "updateRevision": newest,
            "updatedReplicas": len(fresh),
        }
        kept = ("availableReplicas", "collisionCount", "replicas")
        return {name: value for name, value in counts.items() if value or name in kept}

    # -- the rest

    def _collect(self) -> None:
        """Pods whose owner is gone go too."""
        owners = {one["metadata"]["uid"] for one in self._storage.list(STATEFUL_SET, None)}
        for pod in list(self._storage.list(POD, None)):
            refs = pod["metadata"].get("ownerReferences") or ()
            gone = refs and not any(ref["uid"] in owners for ref in refs)
            if gone and not pod["metadata"].get("deletionTimestamp"):
                leaving(self._storage, POD, pod, pod["spec"]["terminationGracePeriodSeconds"])

    def _namespaces(self) -> None:
        """One that is to go goes when it is empty."""
        for space in list(self._storage.list(NAMESPACE, None)):
            if not space["metadata"].get("deletionTimestamp"):
                continue
            name = space["metadata"]["name"]
            left = [(kind, one) for kind in KINDS for one in self._storage.list(kind, name)]
            inside = [(kind, one) for kind, one in left if kind.namespaced]
            for kind, one in inside:
                if kind is POD and one["spec"].get("nodeName"):
                    leaving(self._storage, POD, one, 0)
                else:
                    self._storage.remove(kind, one)
            if not inside:
                self._storage.remove(NAMESPACE, space)


def leaving(storage: Storage, kind: Any, one: Object, grace: int) -> Object:
    """Mark it as to be removed."""
    if one["metadata"].get("deletionTimestamp"):
        return one
    marks = {"deletionTimestamp": now(), "deletionGracePeriodSeconds": grace}
    return storage.put(kind, {**one, "metadata": {**one["metadata"], **marks}})


def _place(one: Object) -> tuple[str, str]:
    return one["metadata"]["namespace"], one["metadata"]["name"]


def _number(pod: Object) -> int:
    with contextlib.suppress(ValueError):
        return int(pod["metadata"]["name"].rsplit("-", 1)[-1])
    return -1


def _is_ready(pod: Object) -> bool:
    return any(
        one["type"] == "Ready" and one["status"] == "True"
        for one in (pod.get("status") or {}).get("conditions") or ()
    )
