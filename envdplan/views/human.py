"""Text for people: plain where nobody watches, live where a terminal shows it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TextIO

from envdplan.core.engine.events import (
    Event,
    Failed,
    Finished,
    Progressed,
    Skipped,
    Started,
    Succeeded,
)
from envdplan.core.plan.changes import Action, Change, Work
from envdplan.core.plan.plan import Plan
from envdplan.core.state.desired import DesiredState
from envdplan.core.state.recorded import State
from envdplan.ground.addresses import Address
from envdplan.ground.attributes import Hidden
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError
from envdplan.ground.values import Attributes, Value, is_known, is_sensitive
from envdplan.modules.events import ModuleEvent
from envdplan.views.base import HiddenNames
from envdplan.views.module_text import module_text
from envdplan.views.plan_text import brief, plan_text
from envdplan.views.progress import BuildProgress
from envdplan.views.snippet import diagnostic_text, wrapped
from envdplan.views.style import Style, safe
from envdplan.views.values_text import value_text

if TYPE_CHECKING:
    from envdplan.views.live import LiveLines

_DOING: Final = {
    Action.CREATE: "Creating",
    Action.UPDATE: "Updating",
    Action.REPLACE: "Replacing",
    Action.DELETE: "Destroying",
}
_DONE: Final = {
    Action.CREATE: "Created",
    Action.UPDATE: "Updated",
    Action.REPLACE: "Replaced",
    Action.DELETE: "Destroyed",
    Action.ADOPT: "Recorded",
    Action.FORGET: "Forgotten",
}


class HumanView:
    """See View."""

    def __init__(
        self, out: TextIO, err: TextIO, hidden: HiddenNames, *, color: bool, tty: bool, width: int
    ) -> None:
        self._hidden = hidden
        self._out = out
        self._err = err
        self._style = Style(color)
        self._width = width
        self._tty = tty
        self._builds: dict[Address, BuildProgress] = {}
        self._live: LiveLines | None = None
        self._destroying = False
        self._failures: list[str] = []

    def diagnostics(self, diagnostics: Diagnostics) -> None:
        """See View."""
        for one in diagnostics.sorted():
            self._complain(diagnostic_text(one, self._style, self._width))

    def validation(self, diagnostics: Diagnostics, resources: int) -> None:
        """See View."""
        self.diagnostics(diagnostics)
        if diagnostics.has_errors:
            return
        counts = [_counted(resources, "resource")]
        counts += [_counted(len(diagnostics), "warning")] if len(diagnostics) else []
        self.message(f"The configuration is valid: {', '.join(counts)}.")

    def error(self, error: EnvdplanError) -> None:
        """See View."""
        head = f"{self._style('Error:', 'bold', 'red')} {self._style(safe(error.summary), 'bold')}"
        lines = [head, "", *wrapped(error.detail, self._width)] if error.detail else [head]
        self._complain("\n".join(lines) + "\n")

    def plan(self, plan: Plan) -> None:
        """See View."""
        self._destroying = plan.options.destroy
        self._print(plan_text(plan, self._style, self._hidden))

    def plan_in_brief(self, plan: Plan) -> None:
        """See View."""
        self._destroying = plan.options.destroy
        self._print(brief(plan, self._style))

    def state(self, state: State) -> None:
        """See View."""
        if not state.records:
            self._print(["The state is empty."])
        for record in sorted(state.records.values(), key=lambda one: one.address):
            self._resource(record.address, record.type, record.attributes)
        for pending in state.pending.values():
            what = f"{pending.address}: {pending.action} was begun at {pending.started}"
            self._print([self._style(f"{what} and did not end", "yellow")])
        if state.outputs:
            self.outputs(dict(state.outputs), frozenset())

    def configuration(self, desired: DesiredState) -> None:
        """See View."""
        for address in sorted(desired.resources):
            one = desired.resources[address]
            self._resource(address, one.type, dict(sorted(one.attributes.items())))
        for name, members in sorted(desired.groups.items()):
            self._print([f"{self._style(f'group.{name}', 'bold')}"])
            self._print([f"  {one}" for one in members])
        values = {name: one.value for name, one in sorted(desired.outputs.items())}
        secret = frozenset(name for name, one in desired.outputs.items() if one.sensitive)
        if values:
            self._outputs(values, secret, "(known after apply)")

    def _resource(self, address: Address, type: str, attributes: Attributes) -> None:
        self._print([f"{self._style(str(address), 'bold')} ({type})"])
        hidden = self._hidden(Hidden.EVERYWHERE)
        for name, value in attributes.items():
            if value is not None and name not in hidden:
                self._print([f"  {name} = {value_text(value, '  ')}"])

    def outputs(self, outputs: dict[str, Value], sensitive: frozenset[str]) -> None:
        """See View."""
        self._outputs(outputs, sensitive, "(not known yet)")

    def _outputs(self, outputs: dict[str, Value], sensitive: frozenset[str], unknown: str) -> None:
        self._print(["", "Outputs:", ""] if outputs else ["There are no outputs."])
        for name in sorted(outputs):
            value = outputs[name]
            hidden = name in sensitive or is_sensitive(value)
            text = value_text(value) if is_known(value) else unknown
            self._print([f"{name} = {'<sensitive>' if hidden else text}"])

    def module(self, event: ModuleEvent) -> None:
        """See View."""
        self._print([module_text(event, self._style)])

    def message(self, text: str) -> None:
        """See View."""
        self._print(wrapped(text, self._width, ""))

    def close(self) -> None:
        """See View."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    # -- events

    def event(self, event: Event) -> None:
        """See View."""
        match event:
            case Started(change=change):
                self._started(change)
            case Progressed():
                self._progressed(event)
            case Succeeded(change=change, seconds=seconds):
                self._ended(change.address)
                took = f" after {seconds:.1f}s" if change.action.is_change else ""
                word = _did(change)
                self._say(change.address, f"{self._style(word, 'green')}{took}")
            case Failed():
                self._failed(event)
            case Skipped(change=change, because=because):
                self._say(change.address, f"{self._style('Skipped', 'yellow')}: {because}")
            case Finished():
                self._finished(event)

    def _started(self, change: Change) -> None:
        if change.action.is_change:
            self._builds[change.address] = BuildProgress()
            if self._tty:
                self._lines().add(str(change.address), _doing(change))
            else:
                self._say(change.address, f"{_doing(change)}...")

    def _progressed(self, event: Progressed) -> None:
        progress = self._builds.setdefault(event.address, BuildProgress())
        line = event.message or progress.take(event.detail)
        if self._live is not None:
            done, cached, known = progress.counts
            counts = f"{done}/{known} steps, {cached} cached" if known else ""
            self._live.update(str(event.address), safe(event.message or progress.current), counts)
        elif line:
            self._say(event.address, safe(line))

    def _failed(self, event: Failed) -> None:
        self._ended(event.change.address)
        self._failures.append(str(event.change.address))
        word = self._style(f"Failed after {event.seconds:.1f}s", "bold", "red")
        self._say(event.change.address, f"{word}: {safe(event.summary)}")
        self._print([*wrapped(event.detail, self._width, "    "), ""])

    def _finished(self, event: Finished) -> None:
        self.close()
        counts = f"{event.added} added, {event.changed} changed, {event.destroyed} destroyed."
        work = "Destroy" if self._destroying else "Apply"
        if event.is_complete:
            what, rest = self._style(f"{work} complete!", "bold", "green"), ""
        else:
            what = self._style(f"{work} incomplete!", "bold", "red")
            left = f" {event.failed} failed, {event.skipped} skipped"
            left += f", {event.deferred} could not be decided" if event.deferred else ""
            rest = f"{left}. Fix it and {work.lower()} again."
        # Why stands above, with many others perhaps far above.
        failed = [f"Failed: {', '.join(self._failures)}"] if self._failures else []
        self._print(["", f"{what} Resources: {counts}{rest}", *failed])

    def _ended(self, address: Address) -> None:
        self._builds.pop(address, None)
        if self._live is not None:
            self._live.remove(str(address))

    # -- output

    def _lines(self) -> "LiveLines":
        from envdplan.views.live import LiveLines

        if self._live is None:
            self._live = LiveLines(self._out, color=self._style.color)
        return self._live

    def _say(self, address: Address, text: str) -> None:
        self._print([f"{self._style(str(address), 'bold')}: {text}"])

    def _print(self, lines: Iterable[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        if self._live is not None:
            self._live.print(text)
        else:
            self._out.write(text)
            self._out.flush()

    def _complain(self, text: str) -> None:
        self.close()
        self._out.flush()
        self._err.write(f"{text}\n")
        self._err.flush()


def _doing(change: Change) -> str:
    return _work(change, "Building", "Pushing", "Tagging") or _DOING[change.action]


def _did(change: Change) -> str:
    return _work(change, "Built", "Pushed", "Tagged") or _DONE[change.action]


def _work(change: Change, build: str, push: str, retag: str) -> str:
    if Work.BUILD in change.work:
        return f"{build} and {push.lower()}" if Work.PUSH in change.work else build
    if Work.PUSH in change.work:
        return push
    return retag if Work.RETAG in change.work else ""


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
