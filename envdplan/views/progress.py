"""What BuildKit tells of a running build, folded into a few words."""

from dataclasses import dataclass, field
from typing import Final

from envdplan.clients.buildkit.progress import Log, Status, Vertex
from envdplan.clients.buildkit.progress import Warning as BuildWarning

_INTERNAL: Final = "[internal]"


@dataclass(slots=True)
class Step:
    """One step of a build."""

    number: int
    name: str
    started: float | None = None
    completed: float | None = None
    cached: bool = False
    error: str = ""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max(0.0, (self.completed or 0.0) - (self.started or 0.0))


@dataclass(slots=True)
class BuildProgress:
    """The steps of one build so far."""

    steps: dict[str, Step] = field(default_factory=dict)
    current: str = ""
    transfers: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, detail: object) -> str | None:
        """Fold one message in; a line to tell where something ended, else None."""
        match detail:
            case Vertex():
                return self._vertex(detail)
            case Status(id=id, current=current, total=total, completed=completed):
                self.transfers[id] = (total if completed and total else current, total)
            case Log(vertex=vertex) if vertex in self.steps:
                self.current = self.steps[vertex].name
            case BuildWarning(short=short):
                return f"warning: {short}"
            case _:
                pass
        return None

    def _vertex(self, one: Vertex) -> str | None:
        step = self.steps.get(one.digest)
        if step is None:
            step = self.steps[one.digest] = Step(len(self.steps) + 1, one.name)
        ended_before = step.completed is not None  # it is told once, though it may run again
        step.started = one.started or step.started
        step.completed = one.completed or step.completed
        step.cached, step.error = step.cached or one.cached, one.error
        if one.started and not one.completed:
            self.current = step.name
        if one.completed is None or ended_before or step.name.startswith(_INTERNAL):
            return None
        return f"#{step.number} {step.name} {self._end(step)}"

    def _end(self, step: Step) -> str:
        if step.error:
            return f"ERROR {step.error.splitlines()[0][:200]}"
        return "CACHED" if step.cached else f"DONE {step.seconds:.1f}s"

    @property
    def counts(self) -> tuple[int, int, int]:
        """Steps that are done, of those from the cache, and all that are known."""
        known = [one for one in self.steps.values() if not one.name.startswith(_INTERNAL)]
        done = [one for one in known if one.completed is not None]
        return len(done), sum(one.cached for one in done), len(known)

    @property
    def bytes(self) -> int:
        """Bytes moved so far."""
        return sum(current for current, _ in self.transfers.values())
