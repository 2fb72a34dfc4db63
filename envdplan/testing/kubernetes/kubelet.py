"""Brings pods to life and to their end, through the states that real ones go through."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from envdplan.testing.kubernetes import podstates
from envdplan.testing.kubernetes.events import tell
from envdplan.testing.kubernetes.faults import Faults
from envdplan.testing.kubernetes.kinds import POD
from envdplan.testing.kubernetes.storage import Storage

Object = dict[str, Any]
_NODE: Final = "node-1"
_NO_MATCH: Final = (
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. no new claims "
    "to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for "
    "scheduling."
)
_TRIES: Final = 10
"""So many steps of the clock lie between two tries of what fails."""


class Kubelet:
    """Scheduler and node in one. `pace` is in seconds."""

    def __init__(self, storage: Storage, faults: Faults, pace: float, *, old: bool) -> None:
        self._storage, self._faults, self._pace, self._old = storage, faults, pace, old
        self._lives: dict[str, asyncio.Task[None]] = {}
        self.ended: Callable[[str], object] = str
        """Called with the uid of a pod whose processes have to end."""

    def look(self) -> None:
        """Start the life of each new pod, and the end of each that is to go."""
        for pod in self._storage.list(POD, None):
            uid = pod["metadata"]["uid"]
            leaving = bool(pod["metadata"].get("deletionTimestamp"))
            life = self._lives.get(uid)
            if life is None and not leaving:
                self._lives[uid] = asyncio.create_task(self._live(pod))
            elif leaving and not uid.endswith("!") and f"{uid}!" not in self._lives:
                if life is not None:
                    life.cancel()
                self._lives[f"{uid}!"] = asyncio.create_task(self._end(pod))

    def close(self) -> None:
        """Leave everything as it is."""
        for one in self._lives.values():
            one.cancel()

    # -- a life

    async def _live(self, pod: Object) -> None:
        with suppress(_Gone):
            await self._schedule(pod)
            await self._step()
            self._report(pod, podstates.container(pod, "Pending", _CREATING))
            await self._mount(pod)
            await self._pull(pod)
            await self._start(pod)
            await self._probe(pod)

    async def _schedule(self, pod: Object) -> None:
        while message := self._faults.unschedulable or self._unmatched(pod):
            self._report(pod, podstates.unschedulable(message))
            self._event(pod, "FailedScheduling", message)
            await self._step(_TRIES)
        live = self._live_one(pod)
        live["spec"]["nodeName"] = _NODE
        live["status"] = podstates.scheduled()
        self._storage.put(POD, live)
        pod["spec"]["nodeName"] = _NODE
        place = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        self._event(pod, "Scheduled", f"Successfully assigned {place} to {_NODE}", warning=False)

    def _unmatched(self, pod: Object) -> str | None:
        return _NO_MATCH if pod["spec"].get("nodeSelector") else None

    async def _mount(self, pod: Object) -> None:
        await self._step()
        while message := self._faults.failed_mount or self._faults.failed_sandbox:
            mount = self._faults.failed_mount is not None
            self._event(pod, "FailedMount" if mount else "FailedCreatePodSandBox", message)
            await self._step(_TRIES)

    async def _pull(self, pod: Object) -> None:
        image = pod["spec"]["containers"][0]["image"]
        while image in self._faults.never_pull:
            said = f'Container image "{image}" is not present with pull policy of Never'
            await self._wait(pod, "ErrImageNeverPull", said)
        while image in self._faults.missing_images:
            said = f'failed to pull and unpack image "{image}": not found'
            self._event(pod, "Pulling", f'Pulling image "{image}"', warning=False)
            self._event(pod, "Failed", f'Failed to pull image "{image}": {said}')
            await self._wait(pod, "ErrImagePull", said)
            said = f'Back-off pulling image "{image}"'
            self._event(pod, "BackOff", said, warning=False)
            await self._wait(pod, "ImagePullBackOff", said)
        told = f'Container image "{image}" already present on machine'
        self._event(pod, "Pulled", told, warning=False)
        while self._faults.config_error:
            self._event(pod, "Failed", f"Error: {self._faults.config_error}")
            await self._wait(pod, "CreateContainerConfigError", self._faults.config_error)

    async def _start(self, pod: Object) -> None:
        name = pod["spec"]["containers"][0]["name"]
        self._event(pod, "Created", f"Created container: {name}", warning=False)
        restarts = 0
        while self._faults.crash is not None:
            await self._crash(pod, restarts)
            restarts += 1
        self._report(pod, podstates.container(pod, "Running", podstates.running()))
        self._event(pod, "Started", f"Started container {name}", warning=False)

    async def _crash(self, pod: Object, restarts: int) -> None:
        ended = podstates.terminated("Error", 1)
        state = podstates.container(pod, "Running", ended, restarts=restarts)
        self._report(pod, state)
        await self._step()
        name = pod["spec"]["containers"][0]["name"]
        place = f"{pod['metadata']['name']}_{pod['metadata']['namespace']}"
        said = f"back-off 10s restarting failed container={name} pod={place}"
        self._event(pod, "BackOff", f"Back-off restarting failed container {name} in pod {place}")
        waits = {**podstates.waiting("CrashLoopBackOff", said), "last": ended}
        state = podstates.container(pod, "Running", waits, restarts=restarts + 1)
        self._report(pod, state)
        await self._step(_TRIES)

    async def _probe(self, pod: Object) -> None:
        await self._step()
        while self._faults.unhealthy:
            self._event(pod, "Unhealthy", f"Readiness probe failed: {self._faults.unhealthy}")
            await self._step(_TRIES)
        state = podstates.container(pod, "Running", podstates.running(), ready=True)
        self._report(pod, state)

    async def _wait(self, pod: Object, reason: str, message: str) -> None:
        waits = podstates.waiting(reason, message)
        self._report(pod, podstates.container(pod, "Pending", waits))
        await self._step(_TRIES)

    # -- an end

    async def _end(self, pod: Object) -> None:
        status = pod.get("status") or {}
        states = [one["state"] for one in status.get("containerStatuses") or ()]
        if pod["spec"].get("nodeName") and states:
            self._event(pod, "Killing", "Stopping container", warning=False)
            await self._step()
            self.ended(pod["metadata"]["uid"])
            with suppress(_Gone):
                await self._terminate(pod, started="running" in states[0])
        live = self._storage.get(POD, pod["metadata"]["namespace"], pod["metadata"]["name"])
        if live is not None and live["metadata"]["uid"] == pod["metadata"]["uid"]:
            self._storage.remove(POD, live)

    async def _terminate(self, pod: Object, *, started: bool) -> None:
        reason = "Error" if started else "ContainerStatusUnknown"
        if not started:
            self._report(pod, podstates.container(pod, "Pending", _CREATING))
            await self._step()
        phase = "Running" if self._old else "Failed"
        self._report(pod, podstates.container(pod, phase, podstates.terminated(reason, 137)))
        await self._step()

    # -- what all need

    async def _step(self, count: int = 1) -> None:
        await asyncio.sleep(self._pace * count)

    def _live_one(self, pod: Object) -> Object:
        metadata = pod["metadata"]
        live = self._storage.get(POD, metadata["namespace"], metadata["name"])
        if live is None or live["metadata"]["uid"] != metadata["uid"]:
            raise _Gone
        return live

    def _report(self, pod: Object, status: Object) -> None:
        live = self._live_one(pod)
        live["status"] = status
        self._storage.put(POD, live)

    def _event(self, pod: Object, reason: str, message: str, *, warning: bool = True) -> None:
        tell(self._storage, self._live_one(pod), reason, message, warning=warning)


class _Gone(Exception):
    """The pod was removed meanwhile."""


_CREATING: Final = podstates.waiting("ContainerCreating")
