"""A saved plan: the plan itself and the texts it was made from, so that apply can do just that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from envdplan.core.plan.changes import Action, Change, Difference, Drift, Work
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.plan import Plan
from envdplan.core.plan.promise import hidden_values
from envdplan.core.plan.reasons import reason_json, reasons_from_json
from envdplan.core.plan.wording import worded
from envdplan.core.state.observed import Cause, Input
from envdplan.core.state.seals import new_key, seal_from_json, seal_to_json
from envdplan.core.state.seals import seal as seal_values
from envdplan.core.state.statefile import strangers_from_json, strangers_to_json
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.checksum import corrupt_content, seal, unseal
from envdplan.ground.encoding import from_json, to_json
from envdplan.ground.source import SourceFile
from envdplan.ground.values import Attributes, Value, redact_sensitive

VERSION: Final = 1
KIND: Final = "plan"
_MEND: Final = "Plan again: `envdplan plan --out FILE`."


@dataclass(frozen=True, slots=True)
class ModuleTexts:
    """The files of a module as a call of it found them."""

    source: str
    caller: str
    """The directory of the file that calls it."""
    directory: str
    """Where the module lies."""
    files: tuple[SourceFile, ...]


@dataclass(frozen=True, slots=True)
class PlanFile:
    """Everything that apply needs but the values of sensitive variables."""

    plan: Plan
    sources: tuple[SourceFile, ...]
    variables: Mapping[str, Value] = field(default_factory=dict)
    sensitive: tuple[str, ...] = ()
    """Variables whose values are not in the file and must be given again."""
    directory: str = "."
    version: str = ""
    """The envdplan that made it."""
    started: float = 0.0
    seed: str = ""
    """What timestamp() and random values are made from, see Project."""
    modules: tuple[ModuleTexts, ...] = ()


def encode(saved: PlanFile) -> bytes:
    """The bytes of a plan file."""
    plan, key = saved.plan, new_key()
    return seal(
        KIND,
        VERSION,
        {
            "envdplan": saved.version,
            "directory": saved.directory,
            "started": saved.started,
            "seed": saved.seed,
            "lineage": plan.lineage,
            "serial": plan.serial,
            "options": _options(plan.options),
            "changes": [_change(one, key) for one in plan.changes],
            "drift": [_drift(one) for one in plan.drift],
            "outputs": to_json(redact_sensitive(plan.outputs)),
            "output_changes": list(plan.output_changes),
            "variables": to_json(saved.variables),
            "sensitive_variables": list(saved.sensitive),
            "sources": _files(saved.sources),
            "modules": [_module(one) for one in saved.modules],
        },
    )


def decode(data: bytes, name: str) -> PlanFile:
    """The plan in `data`. Raises CorruptFile."""
    content = unseal(data, KIND, VERSION, name, _MEND)
    try:
        return _to_saved(content)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        reason = f"its content is not valid ({type(error).__name__}: {error})"
        raise corrupt_content(KIND, name, reason, _MEND) from None


def _to_saved(content: Mapping[str, Value]) -> PlanFile:
    plan = Plan(
        lineage=str(content["lineage"]),
        serial=int(content["serial"]),
        changes=tuple(_to_change(one) for one in content["changes"]),
        drift=tuple(_to_drift(one) for one in content["drift"]),
        outputs=_mapping(from_json(content["outputs"])),
        output_changes=tuple(map(str, content["output_changes"])),
        options=_to_options(content["options"]),
    )
    return PlanFile(
        plan,
        _to_files(content["sources"]),
        _mapping(from_json(content["variables"])),
        tuple(map(str, content["sensitive_variables"])),
        str(content["directory"]),
        str(content["envdplan"]),
        float(content["started"]),
        str(content["seed"]),
        tuple(_to_module(one) for one in content["modules"]),
    )


def _files(files: tuple[SourceFile, ...]) -> Value:
    return [{"name": one.name, "directory": one.directory, "text": one.text} for one in files]


def _to_files(files: Value) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(one["name"], one["text"], one["directory"]) for one in files)


def _module(one: ModuleTexts) -> Value:
    return {
        "source": one.source,
        "caller": one.caller,
        "directory": one.directory,
        "files": _files(one.files),
    }


def _to_module(one: Mapping[str, Value]) -> ModuleTexts:
    files = _to_files(one["files"])
    return ModuleTexts(str(one["source"]), str(one["caller"]), str(one["directory"]), files)


def _options(options: PlanOptions) -> Value:
    return {
        "targets": [str(one) for one in options.targets],
        "replace": [str(one) for one in options.replace],
        "destroy": options.destroy,
        "refresh_only": options.refresh_only,
    }


def _to_options(one: Mapping[str, Value]) -> PlanOptions:
    return PlanOptions(
        tuple(Address.parse(address) for address in one["targets"]),
        tuple(Address.parse(address) for address in one["replace"]),
        destroy=bool(one["destroy"]),
        refresh_only=bool(one["refresh_only"]),
    )


def _change(one: Change, key: str) -> Value:
    values = hidden_values(one.after or {}) if one.address.kind is Kind.BUILD else {}
    kept = seal_values(values, key)
    content: dict[str, Value] = {
        "address": str(one.address),
        "type": one.type,
        "action": one.action.value,
        "before": _attributes(one.before),
        "after": _attributes(one.after),
        "before_type": one.before_type,
        "differences": [difference_json(each) for each in one.differences],
        "reasons": list(worded(one.reasons)),
        "why": [reason_json(reason) for reason in one.reasons],
        "depends_on": [str(address) for address in one.depends_on],
        "work": [work.value for work in one.work],
        "inputs": None if one.inputs is None else [[i.kind, i.name, i.digest] for i in one.inputs],
        "anew": one.anew,
        "source": one.source,
        "tags": list(one.tags),
        "prevent_destroy": one.prevent_destroy,
        "cause": None if one.cause is None else _cause(one.cause),
        "warned": list(one.warned),
        "kept": [[ref, _cause(cause)] for ref, cause in one.kept],
        **({} if kept is None else {"seal": seal_to_json(kept)}),
    }
    return {**content, "adopted": strangers_to_json(one.adopted)} if one.adopted else content


def _to_change(one: Mapping[str, Value]) -> Change:
    inputs = one["inputs"]
    return Change(
        address=Address.parse(one["address"]),
        type=str(one["type"]),
        action=Action(one["action"]),
        before=_to_attributes(one["before"]),
        after=_to_attributes(one["after"]),
        before_type=one["before_type"],
        differences=tuple(_to_difference(each) for each in one["differences"]),
        reasons=tuple(reasons_from_json(one.get("why") or (), map(str, one["reasons"]))),
        depends_on=tuple(Address.parse(address) for address in one["depends_on"]),
        work=tuple(Work(work) for work in one["work"]),
        inputs=None if inputs is None else tuple(Input(*map(str, each)) for each in inputs),
        anew=bool(one.get("anew")),
        source=one["source"],
        tags=tuple(map(str, one["tags"])),
        prevent_destroy=bool(one["prevent_destroy"]),
        cause=None if one.get("cause") is None else _to_cause(one["cause"]),
        warned=tuple(map(str, one.get("warned") or ())),
        kept=tuple((str(ref), _to_cause(cause)) for ref, cause in one.get("kept") or ()),
        adopted=strangers_from_json(one.get("adopted", ())),
        seal=seal_from_json(one["seal"]) if one.get("seal") is not None else None,
    )


def _cause(cause: Cause) -> Value:
    return [cause.summary, cause.detail, cause.about]


def _to_cause(value: Value) -> Cause:
    summary, detail, about = map(str, value)
    return Cause(summary, detail, about)


def _attributes(attributes: Attributes | None) -> Value:
    return None if attributes is None else to_json(redact_sensitive(attributes))


def _to_attributes(value: Value) -> Attributes | None:
    return None if value is None else _mapping(from_json(value))


def difference_json(one: Difference) -> Value:
    """A difference as saved plans and --json have it; nothing sensitive is in it."""
    values = redact_sensitive({"before": one.before, "after": one.after})
    return {
        "path": list(one.path),
        "before": to_json(values["before"]),
        "after": to_json(values["after"]),
        "forces_replacement": one.forces_replacement,
    }


def _to_difference(one: Mapping[str, Value]) -> Difference:
    path = tuple(step if isinstance(step, int) else str(step) for step in one["path"])
    before, after = from_json(one["before"]), from_json(one["after"])
    return Difference(path, before, after, bool(one["forces_replacement"]))


def _drift(one: Drift) -> Value:
    return {
        "address": str(one.address),
        "differences": [difference_json(each) for each in one.differences],
        "gone": one.gone,
    }


def _to_drift(one: Mapping[str, Value]) -> Drift:
    differences = tuple(_to_difference(each) for each in one["differences"])
    return Drift(Address.parse(one["address"]), differences, bool(one["gone"]))


def _mapping(value: Value) -> Mapping[str, Value]:
    if not isinstance(value, dict):
        raise TypeError("an object is required")
    return value
