"""Builders of type kube-pod: buildkitd in Kubernetes, made by envdplan or attached to.

Reached through the API server alone: no kubectl, and no port that is open to the network.
"""

import hashlib
import threading
from threading import Event as Flag
from typing import TYPE_CHECKING, Final

from envdplan.core.engine.protocols import Reporter
from envdplan.core.state.observed import (
    Absent,
    Cause,
    Observation,
    Present,
    Stranger,
    Unreachable,
)
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.ground.schema import ResourceType
from envdplan.ground.streams import CommandStream
from envdplan.ground.values import Attributes, Value
from envdplan.resources.builders.base import NOBODY, Driver, Surroundings, Undeclared
from envdplan.resources.builders.common import computed
from envdplan.resources.builders.kubernetes.pod_schema import (
    CONFIGURED,
    CONTAINER,
    POD,
    consequence,
    derive,
    from_address,
    problems,
)
from envdplan.resources.builders.ownership import Claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from envdplan.clients.buildkit.client import BuildKit
    from envdplan.clients.kubernetes.access import Access
    from envdplan.clients.kubernetes.api import Api, Object
    from envdplan.resources.builders.kubernetes.pod_rollout import Rollout
    from envdplan.resources.builders.ownership import Owner

_DIAL: Final = ("buildctl", "dial-stdio")
_PATIENCE: Final = 10.0
"""Seconds that a builder which seems to run may take to answer a plan."""

TYPE: Final = ResourceType(
    Kind.BUILDER,
    "kube-pod",
    POD,
    derive,
    problems,
    consequence,
    title="kube-pod builder",
    borrowed=lambda attributes: attributes.get("mode") == "attach",
)


class KubePod:
    """The lifecycle. One connection for each cluster; any thread may use it."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._accesses: dict[tuple[str | None, str | None], Access] = {}
        self._guard = threading.Lock()

    # -- looking

    def read(self, address: Address, attributes: Attributes) -> Observation:
        """See Lifecycle."""
        try:
            if attributes.get("mode") == "attach":
                return Present({**attributes, **self._asked(attributes)}, ours=True)
            return self._read(address, attributes)
        except EnvdplanError as error:
            return Unreachable.of(error)

    def look(self, builder: Undeclared) -> Observation:
        """See Lifecycle."""
        try:
            return self._seen(builder.reach)
        except EnvdplanError as error:
            return Unreachable.of(error)

    def _seen(self, reach: Attributes) -> Observation:
        from envdplan.clients.kubernetes.api import STATEFUL_SET
        from envdplan.resources.builders.kubernetes.pod_live import mark_of

        strangers: tuple[Stranger, ...] = ()
        if reach.get("mode") != "attach":
            api = self._api(reach)
            live = api.get(STATEFUL_SET, str(reach["name"]))
            if live is None:
                return Absent()
            owner = self._owner(Claim(NOBODY))
            strangers = owner.stranger(live["metadata"]["uid"], mark_of(live))
            if (status := self._status(api, live)) != "running":
                return Present({"status": status}, strangers=strangers)
        return Present({"status": "running", **self._asked(reach)}, strangers=strangers)

    def _read(self, address: Address, attributes: Attributes) -> Observation:
        from envdplan.clients.kubernetes.api import STATEFUL_SET
        from envdplan.resources.builders.kubernetes.pod_live import mark_of

        api, name = self._api(attributes), str(attributes["name"])
        live = api.get(STATEFUL_SET, name)
        if live is None:
            if attributes.get("bootstrap") is False:
                detail = f"The StatefulSet {name} does not exist, and bootstrap = false."
                return Unreachable(detail, Cause("Builder does not exist", detail))
            return Absent(remains=self._remains(api, self._owner(Claim(address)), name))
        owner, mark = self._owner(Claim(address)), mark_of(live)
        return Present(
            self._live(api, address, live, attributes),
            ours=owner.made(mark),
            strangers=owner.stranger(live["metadata"]["uid"], mark),
        )

    def _remains(self, api: "Api", owner: "Owner", name: str) -> bool:
        """What a removal left of ours, because it was killed or told to."""
        from envdplan.resources.builders.kubernetes.pod_rollout import remains

        return any(remains(api, owner, name, volumes=True))

    def _live(
        self, api: "Api", address: Address, live: "Object", wanted: Attributes
    ) -> dict[str, Value]:
        from envdplan.clients.kubernetes.api import SECRET
        from envdplan.resources.builders.kubernetes.pod_live import annotation, made_with
        from envdplan.resources.builders.kubernetes.pod_manifest import ATTRIBUTES

        name = live["metadata"]["name"]
        ours = annotation(live, ATTRIBUTES) is not None
        secret = api.get(SECRET, f"{name}-secrets") if ours else None
        found = {**wanted, **made_with(live, secret, wanted)}
        found["manifest"] = self._changes(api, address, live, found) if ours else CONFIGURED
        found["status"] = self._status(api, live)
        if found["status"] == "running":
            found.update(self._answers(found))
        return found

    def _changes(self, api: "Api", address: Address, live: "Object", attributes: Attributes) -> str:
        """What others changed, by asking the server what applying it again would do."""
        from envdplan.clients.kubernetes.api import KINDS
        from envdplan.resources.builders.kubernetes.pod_live import annotation, told
        from envdplan.resources.builders.kubernetes.pod_manifest import LINEAGE, objects, rendered

        try:
            files = rendered(attributes)
        except EnvdplanError as error:
            return error.detail
        lineage = annotation(live, LINEAGE) or self._surroundings.lineage
        found: list[str] = []
        for manifest in objects(attributes, address, lineage, files):
            current = api.get(KINDS[manifest["kind"]], manifest["metadata"]["name"])
            found += _difference(api, current, manifest)
        return told(found) if found else CONFIGURED

    def _status(self, api: "Api", live: "Object") -> str:
        """`running`, or what is the matter in Kubernetes' own word."""
        from envdplan.clients.kubernetes.api import EVENT, POD
        from envdplan.resources.builders.kubernetes.pod_health import all_ready
        from envdplan.resources.builders.kubernetes.pod_health import problems as of
        from envdplan.resources.builders.kubernetes.pod_manifest import INSTANCE

        if not live["spec"].get("replicas"):
            return "stopped"
        name = live["metadata"]["name"]
        pods = api.list(POD, labels=f"{INSTANCE}={name}")
        if all_ready(live, pods):
            return "running"
        found = next(of(pods, api.list(EVENT, fields=f"involvedObject.name={name}-0")), None)
        return found.reason if found else "not ready"

    def _answers(self, live: Attributes) -> dict[str, Value]:
        try:
            return self._asked(live)
        except EnvdplanError:
            return {"status": "unhealthy"}  # it runs, but its BuildKit does not answer

    def _asked(self, attributes: Attributes) -> dict[str, Value]:
        with self.connect({"timeout": _PATIENCE, **attributes}) as client:
            return computed(client)

    # -- reaching

    def connect(self, attributes: Attributes) -> "BuildKit":
        """See Lifecycle. `affinity`, where it is given, chooses one of several pods for good."""
        api = self._api(attributes)
        timeout = min(float(attributes.get("timeout") or _PATIENCE), _PATIENCE)
        container = str(attributes.get("container") or CONTAINER)
        named = attributes.get("pod") or attributes.get("selector") or attributes.get("name")
        where = f"kube-pod://{api.namespace}/{named}"
        return self._client(api, where, lambda: self._pod(api, attributes), container, timeout)

    def _client(
        self,
        api: "Api",
        where: str,
        pod: "Callable[[], str]",
        container: str,
        timeout: float,
    ) -> "BuildKit":
        from envdplan.clients.buildkit.client import BuildKit
        from envdplan.clients.buildkit.wire.dial import SocketDialer
        from envdplan.clients.kubernetes.exec_stream import Command, exec_stream

        def dial() -> CommandStream:
            command = Command(pod(), container, _DIAL)
            return exec_stream(api.access, api.namespace, command)

        return BuildKit(SocketDialer(where, dial), timeout)

    def _pod(self, api: "Api", attributes: Attributes) -> str:
        """The pod to dial: the one that is named, or the share of a build in several."""
        if attributes.get("pod"):
            return str(attributes["pod"])
        if attributes.get("selector"):
            return self._selected(api, str(attributes["selector"]), attributes)
        count = int(attributes.get("replicas") or 1)
        return f"{attributes['name']}-{share(str(attributes.get('affinity') or ''), count)}"

    def _selected(self, api: "Api", selector: str, attributes: Attributes) -> str:
        from envdplan.clients.kubernetes.api import POD
        from envdplan.resources.builders.kubernetes.pod_health import is_ready

        pods = [one for one in api.list(POD, labels=selector) if is_ready(one)]
        if not pods:
            raise Refused(
                "No pod to attach to",
                f'In the namespace "{api.namespace}" no ready pod has the labels {selector}.',
            )
        names = sorted(one["metadata"]["name"] for one in pods)
        return str(names[share(str(attributes.get("affinity") or ""), len(names))])

    # -- changing

    def create(
        self, claim: Claim, attributes: Attributes, report: Reporter, cancel: Flag
    ) -> Attributes:
        """See Lifecycle."""
        if attributes.get("mode") == "attach":
            return {**attributes, **self._asked(attributes)}
        rollout = self._rollout(claim, attributes, report, cancel)
        rollout.check_rights()
        if attributes.get("create_namespace"):
            rollout.make_namespace()
        try:
            return self._roll(rollout, claim.address, attributes)
        except BaseException:
            report("removing what was made")
            try:
                rollout.undo()
            except EnvdplanError as error:  # why it failed at all says more
                report(f"not all could be removed: {error.summary}. {error.detail}")
            raise

    def update(
        self,
        claim: Claim,
        before: Attributes,
        after: Attributes,
        report: Reporter,
        cancel: Flag,
    ) -> Attributes:
        """See Lifecycle. A pod is gone before its successor starts; a failure brings it back."""
        if after.get("mode") == "attach":
            return self.create(claim, after, report, cancel)
        rollout = self._rollout(claim, after, report, cancel)
        try:
            return self._roll(rollout, claim.address, after)
        except BaseException:
            self._back(rollout, claim.address, before, report)
            raise

    def _roll(self, rollout: "Rollout", address: Address, attributes: Attributes) -> Attributes:
        from envdplan.resources.builders.kubernetes.pod_manifest import objects, rendered

        files = rendered(attributes)
        manifests = objects(attributes, address, self._surroundings.lineage, files)
        rollout.check_pod(manifests[-1])
        rollout.report(f"applying {len(manifests)} objects in {rollout.api.namespace}")
        rollout.apply(manifests)
        rollout.wait(lambda pod: self._greet(rollout.api, pod))
        live = {**attributes, "status": "running", "manifest": CONFIGURED}
        return {**live, **self._asked(live)}

    def _greet(self, api: "Api", pod: str) -> None:
        """Raises EnvdplanError when its BuildKit does not answer."""
        where = f"kube-pod://{api.namespace}/{pod}"
        with self._client(api, where, lambda: pod, CONTAINER, _PATIENCE) as client:
            client.workers()

    def _back(
        self, rollout: "Rollout", address: Address, before: Attributes, report: Reporter
    ) -> None:
        """As it was before, unless that was nothing that works."""
        from envdplan.clients.kubernetes.api import KINDS
        from envdplan.resources.builders.kubernetes.pod_manifest import objects, rendered

        if not rollout.changed:
            return
        report("restoring the former configuration")
        former = {**before, "status": "running"}
        manifests = objects(former, address, self._surroundings.lineage, rendered(former))
        kept = {(one["kind"], one["metadata"]["name"]) for one in manifests}
        for manifest in manifests:
            rollout.api.apply(manifest)
        for kind, name in rollout.made:
            if (kind, name) not in kept:
                rollout.api.delete(KINDS[kind], name)
        if before.get("status") == "running":
            rollout.cancel = Flag()  # whoever asked to stop wants a builder that works
            rollout.wait(lambda pod: self._greet(rollout.api, pod))

    def delete(self, claim: Claim, attributes: Attributes, report: Reporter, cancel: Flag) -> None:
        """See Lifecycle. Volumes go too, unless keep_state says otherwise."""
        if attributes.get("mode") == "attach":
            report("left as it is: envdplan did not make it")
            return
        rollout = self._rollout(claim, attributes, report, cancel)
        rollout.remove(volumes=not attributes.get("keep_state"))

    def stop(self, attributes: Attributes) -> None:
        """See Lifecycle: no pods, while all else stays."""
        self._api(self._managed(attributes)).scale(str(attributes["name"]), 0)

    def start(self, attributes: Attributes, report: Reporter, cancel: Flag) -> None:
        """See Lifecycle."""
        whose = Claim(Address(Kind.BUILDER, str(attributes["name"])))
        rollout = self._rollout(whose, self._managed(attributes), report, cancel)
        rollout.api.scale(rollout.name, int(attributes.get("replicas") or 1))
        rollout.wait(lambda pod: self._greet(rollout.api, pod))

    def logs(self, attributes: Attributes, lines: int) -> str:
        """See Lifecycle: of the pod that a build without a name would get."""
        from envdplan.resources.builders.container.container_spec import without_secrets

        api = self._api(attributes)
        container = str(attributes.get("container") or CONTAINER)
        text = api.logs(self._pod(api, attributes), container, lines)
        return without_secrets(text, attributes)

    def _managed(self, attributes: Attributes) -> Attributes:
        if attributes.get("mode") == "attach":
            detail = "envdplan did not create the pod: whoever created it starts and stops it."
            raise Refused("Builder is not managed by envdplan", detail)
        return attributes

    # -- what all need

    def _owner(self, claim: Claim) -> "Owner":
        from envdplan.resources.builders.ownership import Owner

        return Owner(claim, self._surroundings.lineage, self._surroundings.fresh)

    def _rollout(
        self, claim: Claim, attributes: Attributes, report: Reporter, cancel: Flag
    ) -> "Rollout":
        from envdplan.resources.builders.kubernetes.pod_rollout import Rollout

        return Rollout(
            self._api(attributes),
            self._owner(claim),
            str(attributes["name"]),
            report,
            cancel,
            float(attributes.get("timeout") or 120),
            float(attributes.get("schedule_timeout") or 0),
        )

    def _api(self, attributes: Attributes) -> "Api":
        from envdplan.clients.kubernetes.access import Target, open_access
        from envdplan.clients.kubernetes.api import Api

        target = Target(attributes.get("kubeconfig"), attributes.get("kube_context"))
        key = (target.kubeconfig, target.context)
        with self._guard:
            if key not in self._accesses:
                self._accesses[key] = open_access(target, self._surroundings.environment)
        return Api(self._accesses[key], attributes.get("namespace"))


def share(key: str, count: int) -> int:
    """Which of `count` pods a build gets: always the same, so that its cache is warm."""
    if count < 2:  # noqa: PLR2004  one is no choice
        return 0
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) % count


def _difference(api: "Api", current: "Object | None", manifest: "Object") -> list[str]:
    """How an object differs from what was applied, with the names of those who changed it."""
    from envdplan.clients.kubernetes.failures import FieldConflict
    from envdplan.resources.builders.kubernetes.pod_live import changed_fields

    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    if current is None:
        return [f"{name} is gone"]
    try:
        wanted = api.apply(manifest, dry_run=True, force=False)
    except FieldConflict as conflict:
        return [f"{name}: {cause}" for cause in conflict.causes]
    fields = list(changed_fields(current, wanted))
    return [f"{name}: {', '.join(fields)}"] if fields else []


DRIVER: Final = Driver(TYPE, KubePod, from_address)
