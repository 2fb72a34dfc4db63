"""One JSON object a line, of a closed list of types: schemas/output.schema.json describes them."""

import json
from collections.abc import Container, Mapping
from dataclasses import asdict
from typing import Final, TextIO

from envdplan import __version__
from envdplan.clients.buildkit.progress import Log, Status, Vertex
from envdplan.clients.buildkit.progress import Warning as BuildWarning
from envdplan.core.engine.events import (
    Event,
    Failed,
    Finished,
    Progressed,
    Skipped,
    Started,
    Succeeded,
)
from envdplan.core.plan.changes import Action, Change, Drift
from envdplan.core.plan.plan import Plan
from envdplan.core.plan.planfile import difference_json
from envdplan.core.plan.reasons import reason_json
from envdplan.core.plan.wording import worded
from envdplan.core.state.desired import DesiredState, Resource
from envdplan.core.state.recorded import Record, State
from envdplan.ground.attributes import Hidden
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError
from envdplan.ground.encoding import to_json
from envdplan.ground.values import Value, redact_sensitive
from envdplan.modules.events import ModuleEvent
from envdplan.views.base import HiddenNames
from envdplan.views.diagnostics_json import diagnostic_json, validation_json

FORMAT: Final = 1


class JsonView:
    """See View. The first line says which format follows."""

    def __init__(self, out: TextIO, hidden: HiddenNames) -> None:
        self._out = out
        self._hidden = hidden
        self._begun = False

    def diagnostics(self, diagnostics: Diagnostics) -> None:
        """See View."""
        for one in diagnostics.sorted():
            self._write("diagnostic", diagnostic_json(one))

    def validation(self, diagnostics: Diagnostics, resources: int) -> None:
        """See View."""
        version = {"format": FORMAT, "envdplan": __version__}
        content = {**version, **validation_json(diagnostics), "resources": resources}
        self._begun = True  # one object, that says its format itself
        self._write("validation", content)

    def error(self, error: EnvdplanError) -> None:
        """See View."""
        self._write(
            "diagnostic",
            {"severity": "error", "summary": error.summary, "detail": error.detail},
        )

    def plan(self, plan: Plan) -> None:
        """See View."""
        for drift in plan.drift:
            self._write("drift", _drift(drift))
        for change in plan.changes:
            if change.action is not Action.NOOP:
                self._write("planned_change", _change(change, self._hidden(Hidden.IN_PLANS)))
        self.plan_in_brief(plan)

    def plan_in_brief(self, plan: Plan) -> None:
        """See View."""
        counts = plan.counts()
        self._write(
            "change_summary",
            {
                "empty": plan.is_empty,
                "add": counts.add,
                "change": counts.change,
                "destroy": counts.destroy,
                "builds": counts.builds,
                "pushes": counts.pushes,
                "retags": counts.retags,
                "deferred": counts.deferred,
                "unclear": len(plan.kept),
                "output_changes": list(plan.output_changes),
            },
        )

    def event(self, event: Event) -> None:
        """See View."""
        match event:
            case Started(change=change):
                self._write("apply_start", _short(change))
            case Progressed(address=address, message=message, detail=detail):
                self._write(
                    "apply_progress", {"address": str(address), **_progress(message, detail)}
                )
            case Succeeded(change=change, seconds=seconds):
                self._write("apply_complete", {**_short(change), "seconds": round(seconds, 3)})
            case Failed(change=change, summary=summary, detail=detail, seconds=seconds):
                words = {"summary": summary, "detail": detail, "seconds": round(seconds, 3)}
                self._write("apply_errored", {**_short(change), **words})
            case Skipped(change=change, because=because):
                self._write("apply_skipped", {**_short(change), "because": because})
            case Finished():
                self._write("apply_summary", _finished(event))

    def state(self, state: State) -> None:
        """See View."""
        for record in state.records.values():
            self._resource(record)
        self._write("state", {"lineage": state.lineage, "serial": state.serial})
        if state.outputs:
            self.outputs(dict(state.outputs), frozenset())

    def configuration(self, desired: DesiredState) -> None:
        """See View."""
        for address in sorted(desired.resources):
            self._resource(desired.resources[address])
        for name, members in sorted(desired.groups.items()):
            self._write("group", {"name": name, "members": [str(one) for one in members]})
        secret = frozenset(name for name, one in desired.outputs.items() if one.sensitive)
        if desired.outputs:
            values = {name: one.value for name, one in sorted(desired.outputs.items())}
            self.outputs(values, secret)

    def _resource(self, one: Record | Resource) -> None:
        self._write(
            "resource",
            {
                "address": str(one.address),
                "resource_type": one.type,
                "attributes": _ordered(_values(one.attributes, self._hidden(Hidden.IN_PLANS))),
                "depends_on": [str(each) for each in one.depends_on],
            },
        )

    def outputs(self, outputs: dict[str, Value], sensitive: frozenset[str]) -> None:
        """See View."""
        shown = {name: value for name, value in outputs.items() if name not in sensitive}
        self._write("outputs", {"outputs": _values(shown, ()), "sensitive": sorted(sensitive)})

    def module(self, event: ModuleEvent) -> None:
        """See View."""
        self._write("module", asdict(event))

    def message(self, text: str) -> None:
        """See View."""
        self._write("message", {"message": text})

    def close(self) -> None:
        """See View."""
        self._out.flush()

    def _write(self, type: str, content: Mapping[str, Value]) -> None:
        if not self._begun:
            self._begun = True
            self._write("version", {"format": FORMAT, "envdplan": __version__})
        self._out.write(json.dumps({"type": type, **content}) + "\n")
        self._out.flush()


def _values(values: Mapping[str, Value], hidden: Container[str]) -> Value:
    shown = {name: value for name, value in values.items() if name not in hidden}
    return to_json(redact_sensitive(shown))


def _ordered(value: Value) -> Value:
    """With the keys of all objects in order, so that equal things look alike."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    return [_ordered(one) for one in value] if isinstance(value, list) else value


def _short(change: Change) -> dict[str, Value]:
    return {
        "address": str(change.address),
        "action": change.action.value,
        "work": [one.value for one in change.work],
    }


def _change(change: Change, hidden: Container[str]) -> Mapping[str, Value]:
    return {
        **_short(change),
        "resource_type": change.type,
        "reasons": list(worded(change.reasons)),
        "why": [reason_json(one) for one in change.why],
        "before": None if change.before is None else _values(change.before, hidden),
        "after": None if change.after is None else _values(change.after, hidden),
        "differences": [difference_json(one) for one in change.differences],
        "source": change.source,
        "tags": list(change.tags),
    }


def _drift(drift: Drift) -> Mapping[str, Value]:
    return {
        "address": str(drift.address),
        "gone": drift.gone,
        "differences": [difference_json(one) for one in drift.differences],
    }


def _progress(message: str, detail: object) -> Mapping[str, Value]:
    match detail:
        case Vertex(digest=digest, name=name, started=started, completed=completed):
            found: dict[str, Value] = {
                "vertex": digest,
                "name": name,
                "started": started,
                "completed": completed,
                "cached": detail.cached,
                "error": detail.error,
            }
            return {"step": found}
        case Status(vertex=vertex, id=id, current=current, total=total):
            return {"status": {"vertex": vertex, "id": id, "current": current, "total": total}}
        case Log(vertex=vertex, stream=stream, data=data):
            text = data.decode("utf-8", "replace")
            return {"log": {"vertex": vertex, "stream": stream, "text": text}}
        case BuildWarning(short=short, file=file, line=line):
            return {"warning": {"message": short, "file": file, "line": line}}
    return {"message": message}


def _finished(event: Finished) -> Mapping[str, Value]:
    return {
        "added": event.added,
        "changed": event.changed,
        "destroyed": event.destroyed,
        "failed": event.failed,
        "skipped": event.skipped,
        "deferred": event.deferred,
    }
