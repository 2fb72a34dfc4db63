"""What can be made to go wrong."""

from dataclasses import dataclass, field


@dataclass
class Faults:
    """Knobs; they may be turned while the cluster runs. Texts are those of real clusters."""

    missing_images: set[str] = field(default_factory=set)
    """Images that no registry has: ErrImagePull, then ImagePullBackOff."""
    never_pull: set[str] = field(default_factory=set)
    """Images that may not be pulled: ErrImageNeverPull."""
    crash: str | None = None
    """Containers end at once with this log: CrashLoopBackOff."""
    unschedulable: str | None = None
    """The scheduler's words, such as "0/1 nodes are available: 1 Insufficient cpu."."""
    failed_mount: str | None = None
    """The kubelet's words; the container stays in ContainerCreating."""
    failed_sandbox: str | None = None
    """The kubelet's words; the container stays in ContainerCreating."""
    unhealthy: str | None = None
    """The readiness probe's words: the pod runs but gets never ready."""
    config_error: str | None = None
    """CreateContainerConfigError, such as a secret that is missing."""
    quota: str | None = None
    """The words of a quota that refuses pods."""
    dialing: int = 0
    """So many commands in pods fail with "error dialing backend"."""
    drop_exec_after: int | None = None
    """The connection of a command breaks after so many bytes of its output."""
    slow_exec: float = 0.0
    """Seconds before a command starts."""
    v4_only: bool = False
    """Commands know no end of input, as on 1.28 and before."""
    expired: bool = False
    """No token is known any more: 401."""
    denied: set[tuple[str, str]] = field(default_factory=set)
    """Verb and resource (pods/exec) that nobody may, with a 403 and a review that says no."""
    busy: int = 0
    """So many requests are answered with 503."""
