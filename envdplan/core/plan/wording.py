"""The words of reasons: the one place that has them.

Views show them. Saved plans, --json and the few messages that quote a reason have them too, which
is why they stand beside the plan and not with the views.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from envdplan.core.plan.inputs import input_name
from envdplan.core.plan.reasons import Code, Reason, Turn
from envdplan.ground.values import Value

_SIGNS: Final = {Turn.ADDED: "+", Turn.REMOVED: "-", Turn.CHANGED: "~"}
_FEW: Final = 3
"""So many lost parts of an image are named."""


def worded(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """A line for each reason."""
    return tuple(map(words, reasons))


def words(one: Reason) -> str:
    """A reason in words: what comes after "because"."""
    said = _SAID[one.code]
    if not isinstance(said, str):
        return said(one)
    because = "" if one.because is None else words(one.because)
    return said.format(
        name=one.name, before=one.before, after=one.after, detail=one.detail, because=because
    )


def _input(one: Reason) -> str:
    return input_name(one.kind, one.name)


def _changed_input(one: Reason) -> str:
    return f"{_SIGNS[one.change or Turn.CHANGED]} {_input(one)}"


def _attribute(one: Reason) -> str:
    return f"{one.name} differs: {one.detail}" if one.detail else f"{one.name} differs"


def _place(one: Reason) -> str:
    return ", ".join(_moves(name, one.before[name], after) for name, after in one.after.items())


def _moves(name: str, before: Value, after: Value) -> str:
    former = "" if before is None else f" from {before}"
    return f"its {' '.join(name.split('_'))} changes{former} to {after or 'the default'}"


def _protection(one: Reason) -> str:
    return f"it is {'now' if one.after else 'no longer'} protected by prevent_destroy"


def _damaged(one: Reason) -> str:
    return f"the registry lost parts of {one.name}: {', '.join(one.before[:_FEW])}"


def _more(one: Reason) -> str:
    return f"and {one.after} more in {one.name}" if one.name else f"and {one.after} more"


_SAID: Final[Mapping[Code, str | Callable[[Reason], str]]] = {
    Code.ABSENT: "it does not exist",
    Code.ATTRIBUTE_CHANGED: _attribute,
    Code.ATTRIBUTE_FIXED: "an attribute cannot be changed in place",
    Code.PLACE_CHANGED: _place,
    Code.TYPE_CHANGED: "its type changes from {before} to {after}",
    Code.CHANGED_OUTSIDE: "it was changed outside of envdplan",
    Code.REMOVED_OUTSIDE: "it was removed outside of envdplan",
    Code.NEVER_BUILT: "it was never built",
    Code.INPUT_CHANGED: _changed_input,
    Code.SENSITIVE_CHANGED: lambda one: f"~ {_input(one)} (sensitive)",
    Code.INPUTS_CHANGED: "its inputs changed",
    Code.INPUTS_UNLISTED: (
        "its inputs changed (the list of the former ones is not on this machine)"
    ),
    Code.INPUT_UNKNOWN: lambda one: f"{_input(one)} is known after apply",
    Code.INPUT_FOLLOWS: lambda one: f"{_input(one)} follows what changes before it",
    Code.SOURCE_UNKNOWN: "its source is known after apply",
    Code.SOURCE_UNREADABLE: "{detail}",
    Code.TAGS_UNKNOWN: "tags are known after apply",
    Code.STEPS_ANEW: (
        "all steps run anew: the builder's cache does not tell whether a secret or agent was there"
    ),
    Code.SENSITIVE_UNKNOWN: (
        "no state tells whether its image was made with the {name} of now (sensitive); "
        "changes are seen from now on"
    ),
    Code.IMAGE_LOST: lambda one: (
        f"push missing: the registry does not have {one.before or 'the image'}"
    ),
    Code.IMAGE_DAMAGED: _damaged,
    Code.IMAGE_FOREIGN: "the image at {name} was built from other inputs",
    Code.TAG_MISSING: "{name} does not exist yet; the image does",
    Code.TAG_MOVED: "{name} was moved outside of envdplan: it points to {before}",
    Code.TAG_ELSEWHERE: "{name} points to another image ({before})",
    Code.TAG_DAMAGED: lambda one: f"{_damaged(one)}; another of its names has all of them",
    Code.OUTPUT_MISSING: "{name} is not there",
    Code.OUTPUT_CHANGED: "{name} is not what the build made",
    Code.OUTPUT_UNKNOWN: "no state tells whether the build made {name}",
    Code.NOT_LOADED: "{name} is not loaded in the engine",
    Code.LOADED_OTHER: "{name} in the engine is another image",
    Code.REPLACE_ASKED: "it was asked for by -replace",
    Code.REPLACE_TRIGGERED: "{name} changes, which replace_triggered_by names",
    Code.DESTROY_ALL: "everything is to be destroyed",
    Code.DESTROY_TARGET: "it is to be destroyed by -target",
    Code.DESTROY_NEEDED: "{name}, which it needs, is to be destroyed",
    Code.UNDECLARED: "it is no longer in the configuration",
    Code.MOVED: "it was {before} before",
    Code.DECLARED_AS: "it is now declared as {name}",
    Code.KEPT_BY_BLOCK: "a removed block says that it is to be kept",
    Code.IMAGES_STAY: "{because}; its images stay where they are",
    Code.BORROWED: "{because}; it stays as it is, because envdplan did not make it",
    Code.NAME_TAKEN: "what has its name now is somebody else's, and stays as it is",
    Code.GONE: "it is gone already",
    Code.NOTHING_CAME: "its creation was begun, and nothing came of it",
    Code.PROTECTION_CHANGED: _protection,
    Code.UNRECORDED: "it exists already, but the state does not have it",
    Code.RECORD_STALE: "it is as wanted, but the state does not say so",
    Code.TAKEN_OVER: "it is as wanted; another state made it, and this one takes it over",
    Code.UNREACHABLE: "{detail}",
    Code.BUILDER_UNREACHABLE: "{detail}",
    Code.IMAGE_UNCLEAR: "whether {name} exists is not known: {detail}",
    Code.WAITS: "{name} is deferred: {because}",
    Code.MORE: _more,
    Code.TOLD: "{detail}",
}
