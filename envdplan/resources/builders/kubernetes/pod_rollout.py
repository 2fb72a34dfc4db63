"""Brings a builder's objects into a cluster and waits until its daemons answer."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event as Flag
from typing import Final

from envdplan.clients.kubernetes.api import (
    CLAIM,
    CONFIG_MAP,
    EVENT,
    KINDS,
    POD,
    SECRET,
    STATEFUL_SET,
    Api,
    Kind,
    Object,
)
from envdplan.clients.kubernetes.failures import Forbidden, Missing
from envdplan.core.engine.protocols import Reporter
from envdplan.ground.diagnostics import Conflict, EnvdplanError, Interrupted, Refused
from envdplan.resources.builders.kubernetes.pod_health import Problem, all_ready, problems
from envdplan.resources.builders.kubernetes.pod_live import mark_of
from envdplan.resources.builders.kubernetes.pod_manifest import INSTANCE, pod_of
from envdplan.resources.builders.kubernetes.pod_schema import CONTAINER
from envdplan.resources.builders.ownership import Owner

_LOG_LINES: Final = 15
_TICK: Final = 1
"""Seconds between looks at events, which no watch of pods brings."""

_RIGHTS: Final = (
    ("patch", "apps", "statefulsets", ""),
    ("create", "apps", "statefulsets", ""),
    ("delete", "apps", "statefulsets", ""),
    ("list", "", "pods", ""),
    ("watch", "", "pods", ""),
    ("create", "", "pods", ""),
    ("get", "", "pods", "exec"),
    ("create", "", "pods", "exec"),
    ("list", "", "events", ""),
)
"""What making a builder takes: server-side apply needs patch and create, and a command in a pod
get and create (seen on 1.36; older ones ask for one of the two)."""


@dataclass
class Rollout:
    """One builder in one namespace."""

    api: Api
    owner: Owner
    name: str
    report: Reporter
    cancel: Flag
    timeout: float
    schedule_timeout: float
    made: list[tuple[str, str]] = field(default_factory=list)
    """Kind and name of each object that was not there before."""
    changed: bool = False
    """Whether anything was applied."""

    @property
    def labels(self) -> str:
        """Selects the objects of the builder."""
        return f"{INSTANCE}={self.name}"

    # -- before

    def check_rights(self) -> None:
        """Raises Refused with one sentence that names the rights that are missing."""
        missing = [one for one in _RIGHTS if not self._may(*one)]
        if missing:
            words = ", ".join(_right(*one) for one in missing)
            raise Refused(
                "Missing permissions in the cluster",
                f'In the namespace "{self.api.namespace}" your account may not {words}. Ask who '
                "runs the cluster for a Role with them (docs/kubernetes.md has one).",
            )

    def _may(self, verb: str, group: str, resource: str, subresource: str) -> bool:
        attributes = {"namespace": self.api.namespace, "verb": verb, "group": group}
        attributes |= {"resource": resource, "subresource": subresource}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        try:
            answer = self.api.send("POST", path, body)
        except Refused:
            return True  # a server that does not tell: the deed itself will
        return bool((answer.get("status") or {}).get("allowed", True))

    def check_pod(self, stateful_set: Object) -> None:
        """A namespace takes a StatefulSet whose pods it then refuses: ask for the pod itself.

        Raises Refused when the namespace is not there, or refuses the pod.
        """
        pod = pod_of(stateful_set)
        # Its name may be taken by the pod that is to be replaced.
        pod["metadata"] = {**pod["metadata"], "name": f"{self.name}-trial"}
        try:
            self.api.create(POD, pod, dry_run=True)
        except Missing as error:
            raise Refused(
                "Namespace does not exist",
                f"{error.detail} Make it, or set create_namespace = true.",
            ) from error
        except Forbidden as error:
            raise Refused(
                "Namespace refuses the builder's pod",
                f"{error.detail} {_policy_hint(error.detail)}",
            ) from error

    def make_namespace(self) -> None:
        """Make the namespace, unless it is there."""
        name = self.api.namespace
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        try:
            self.api.send("POST", "/api/v1/namespaces", body)
        except EnvdplanError as error:
            if "already exists" not in error.detail:
                raise

    # -- the deed

    def apply(self, manifests: list[Object]) -> None:
        """Server-side apply of each; what others set in our fields is taken back.

        Raises Conflict for an object of somebody else.
        """
        for manifest in manifests:
            kind, name = manifest["kind"], manifest["metadata"]["name"]
            live = self.api.get(KINDS[kind], name)
            if live is None:
                self.made.append((kind, name))
            else:
                self._own(kind, live)
            self.changed = True
            self.api.apply(manifest)

    def wait(self, connects: Callable[[str], None]) -> None:
        """Until every pod is ready and `connects` to it; the first problem ends it.

        Raises Refused with what keeps a pod from getting ready, Interrupted.
        """
        self.report("waiting for the pods")
        pods = self._until_ready()
        self.report("waiting for buildkitd")
        for pod in pods:
            connects(pod["metadata"]["name"])

    def _until_ready(self) -> list[Object]:
        deadline = time.monotonic() + self.timeout
        unschedulable: float | None = None
        told = ""
        for pods in self._looks(deadline):
            stateful_set = self.api.get(STATEFUL_SET, self.name)
            if stateful_set is not None and all_ready(stateful_set, pods):
                return pods
            found = next(self._problems(pods), None)
            if found is None:
                unschedulable = None
                continue
            if found.reason == "Unschedulable":
                unschedulable = unschedulable or time.monotonic()
                if time.monotonic() - unschedulable < self.schedule_timeout:
                    if told != found.message:
                        told = found.message
                        self.report(f"waiting for a node: {found.message}")
                    continue
            raise self._failed(found)
        raise self._late()

    def _looks(self, deadline: float) -> Iterator[list[Object]]:
        """The pods, each time that one of them changes, and each second."""
        while time.monotonic() < deadline:
            pods = self.api.list(POD, labels=self.labels)
            yield pods
            watched = self.api.watch(POD, labels=self.labels, seconds=_TICK)
            for seen, _ in enumerate(watched, 1):
                if self.cancel.is_set():
                    break
                if seen > len(pods):  # the first ones are those that were there
                    yield self.api.list(POD, labels=self.labels)
            if self.cancel.is_set():
                raise Interrupted("Stopped while the builder started", "It is as it was before.")

    def _problems(self, pods: list[Object]) -> Iterator[Problem]:
        names = {one["metadata"]["name"] for one in pods} | {self.name}
        claims = (f"cache-{one}" for one in set(names))
        names |= set(claims)
        events = [
            event
            for event in self.api.list(EVENT)
            if (event.get("involvedObject") or {}).get("name") in names
        ]
        return problems(pods, events)

    def _failed(self, problem: Problem) -> Refused:
        said = self._said(problem) if problem.reason == "CrashLoopBackOff" else ""
        return Refused("Builder did not become ready", f"{problem.sentence}{said}")

    def _said(self, problem: Problem) -> str:
        for previous in (False, True):
            try:
                log = self.api.logs(problem.pod, CONTAINER, _LOG_LINES, previous=previous)
            except EnvdplanError:
                continue
            if log.strip():
                return f" Its last log lines:\n{log.strip()}"
        return ""

    def _late(self) -> Refused:
        events = sorted(
            (one for one in self.api.list(EVENT) if one.get("type") == "Warning"),
            key=lambda one: str(one.get("lastTimestamp") or one.get("eventTime") or ""),
        )
        names = (self.name, f"{self.name}-")
        mine = [
            str(one.get("message"))
            for one in events
            if str((one.get("involvedObject") or {}).get("name")).startswith(names)
        ]
        said = f" The last event: {mine[-1]}" if mine else " There are no events about it."
        return Refused(
            "Builder did not become ready",
            f"Its pods were not ready after {self.timeout:g} s (timeout).{said}",
        )

    # -- away

    def remove(self, *, volumes: bool) -> None:
        """Remove everything of the builder, and wait until it is gone.

        By label and mark, so that nothing stays that an older configuration made. Raises Conflict
        when the StatefulSet is somebody else's.
        """
        stateful_set = self.api.get(STATEFUL_SET, self.name)
        if stateful_set is not None:
            self._own("StatefulSet", stateful_set)
            self.report("stopping the pods; running builds may end first")
            self.api.delete(STATEFUL_SET, self.name, stateful_set["metadata"]["uid"])
            self._until_gone()
        for kind, one in remains(self.api, self.owner, self.name, volumes=volumes):
            self.api.delete(kind, one["metadata"]["name"], one["metadata"]["uid"])

    def _own(self, kind: str, live: Object) -> None:
        metadata = live["metadata"]
        if not self.owner.owns(metadata["uid"], mark_of(live)):
            raise Conflict(
                "Object name in the cluster is taken",
                f'The {kind} "{metadata["name"]}" in the namespace "{self.api.namespace}" '
                "carries no mark of this state: somebody else created it, and it was not "
                "touched. Plan again.",
            )

    def _until_gone(self) -> None:
        deadline = time.monotonic() + max(self.timeout, 60.0)
        while self.api.get(STATEFUL_SET, self.name) or self.api.list(POD, labels=self.labels):
            if time.monotonic() > deadline:
                raise Refused(
                    "Builder was not removed in time",
                    f"The StatefulSet {self.name} or its pods are still there. `kubectl describe` "
                    "tells which finalizer or node holds them.",
                )
            for _ in self.api.watch(POD, labels=self.labels, seconds=_TICK):
                if self.cancel.is_set():
                    raise Interrupted("Stopped while the builder was removed", "Apply again.")

    def undo(self) -> None:
        """Remove what this rollout made, with the volumes of its pods."""
        for kind, name in reversed(self.made):
            self.api.delete(KINDS[kind], name)
        if any(kind == "StatefulSet" for kind, _ in self.made):
            self._until_gone()
            for claim in self.api.list(CLAIM, labels=self.labels):
                self.api.delete(CLAIM, claim["metadata"]["name"], claim["metadata"]["uid"])


def remains(api: Api, owner: Owner, name: str, *, volumes: bool) -> Iterator[tuple[Kind, Object]]:
    """Config maps and secrets of ours, and the volumes of the pods of our StatefulSet.

    Kubernetes makes the volumes, and gives them a name and labels, but no mark.
    """
    labels = f"{INSTANCE}={name},app.kubernetes.io/name=buildkitd"
    for kind in (CONFIG_MAP, SECRET):
        for one in api.list(kind, labels=labels):
            if owner.owns_remains(mark_of(one)):
                yield kind, one
    for one in api.list(CLAIM, labels=labels) if volumes else ():
        if one["metadata"]["name"].rpartition("-")[0] == f"cache-{name}":
            yield CLAIM, one


def _right(verb: str, group: str, resource: str, subresource: str) -> str:
    whole = f"{resource}/{subresource}" if subresource else resource
    return f"{verb} {whole}" + (f".{group}" if group else "")


def _policy_hint(detail: str) -> str:
    if "PodSecurity" in detail:
        return (
            "Pod Security levels below privileged refuse every profile of buildkitd: label the "
            "namespace with pod-security.kubernetes.io/enforce=privileged, or use another one."
        )
    if "quota" in detail:
        return "Set requests and limits as the quota wants them."
    return "Ask who runs the cluster which policy it is."
