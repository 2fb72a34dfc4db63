"""Why something changes, in a form for programs; wording.py has the words.

Whoever decides about a change makes its reasons here, and says nothing in words. Codes are part of
what is published: programs match them, so that one is never renamed and never changes its meaning.
docs/reasons.toml explains each, and a test holds it against this list.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from envdplan.ground.addresses import Address
from envdplan.ground.encoding import from_json, to_json
from envdplan.ground.values import Value, is_sensitive, redact_sensitive


class Code(StrEnum):
    """What kind of reason it is."""

    # Contexts and builders
    ABSENT = "absent"
    ATTRIBUTE_CHANGED = "attribute-changed"
    ATTRIBUTE_FIXED = "attribute-fixed"
    PLACE_CHANGED = "place-changed"
    TYPE_CHANGED = "type-changed"
    CHANGED_OUTSIDE = "changed-outside"
    REMOVED_OUTSIDE = "removed-outside"
    # The source of a build, and what else its image is made from
    NEVER_BUILT = "never-built"
    INPUT_CHANGED = "input-changed"
    SENSITIVE_CHANGED = "sensitive-changed"
    INPUTS_CHANGED = "inputs-changed"
    INPUTS_UNLISTED = "inputs-unlisted"
    INPUT_UNKNOWN = "input-unknown"
    INPUT_FOLLOWS = "input-follows"
    SOURCE_UNKNOWN = "source-unknown"
    SOURCE_UNREADABLE = "source-unreadable"
    TAGS_UNKNOWN = "tags-unknown"
    STEPS_ANEW = "steps-anew"
    SENSITIVE_UNKNOWN = "sensitive-unknown"
    # The results of a build
    IMAGE_LOST = "image-lost"
    IMAGE_DAMAGED = "image-damaged"
    IMAGE_FOREIGN = "image-foreign"
    TAG_MISSING = "tag-missing"
    TAG_MOVED = "tag-moved"
    TAG_ELSEWHERE = "tag-elsewhere"
    TAG_DAMAGED = "tag-damaged"
    OUTPUT_MISSING = "output-missing"
    OUTPUT_CHANGED = "output-changed"
    OUTPUT_UNKNOWN = "output-unknown"
    NOT_LOADED = "not-loaded"
    LOADED_OTHER = "loaded-other"
    # Asked for
    REPLACE_ASKED = "replace-asked"
    REPLACE_TRIGGERED = "replace-triggered"
    DESTROY_ALL = "destroy-all"
    DESTROY_TARGET = "destroy-target"
    DESTROY_NEEDED = "destroy-needed"
    # Records
    UNDECLARED = "undeclared"
    MOVED = "moved"
    DECLARED_AS = "declared-as"
    KEPT_BY_BLOCK = "kept-by-block"
    IMAGES_STAY = "images-stay"
    BORROWED = "borrowed"
    NAME_TAKEN = "name-taken"
    GONE = "gone"
    NOTHING_CAME = "nothing-came"
    PROTECTION_CHANGED = "protection-changed"
    UNRECORDED = "unrecorded"
    RECORD_STALE = "record-stale"
    TAKEN_OVER = "taken-over"
    # Nobody can tell
    UNREACHABLE = "unreachable"
    BUILDER_UNREACHABLE = "builder-unreachable"
    IMAGE_UNCLEAR = "image-unclear"
    WAITS = "waits"
    # Of the list itself
    MORE = "more"
    TOLD = "told"


class Turn(StrEnum):
    """What became of the thing that a reason is about."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"

    @classmethod
    def of(cls, before: object, after: object) -> "Turn":
        """What becomes of something; None is for nothing."""
        if before is None:
            return cls.ADDED
        return cls.REMOVED if after is None else cls.CHANGED


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. Secrets never get into it: of sensitive values only the mark is kept."""

    code: Code
    kind: str = ""
    """What it is about, where it is not the resource itself: `file`, `arg`, `image`, `builder`."""
    name: str = ""
    change: Turn | None = None
    before: Value = None
    """As it is. Of inputs of a build nothing, not even a digest: a short value can be guessed."""
    after: Value = None
    """As it will be."""
    detail: str = ""
    """What others say of it in their own words: an engine's answer, what a driver does about it."""
    because: "Reason | None" = None
    """The reason behind this one."""

    def __post_init__(self) -> None:
        for name in ("before", "after"):
            value = getattr(self, name)
            if value is not None and is_sensitive(value):
                object.__setattr__(self, name, redact_sensitive({name: value})[name])


def of_resource(code: Code, address: Address, **more: Value) -> Reason:
    """A reason that is about another resource than the one that changes, or about the whole."""
    return Reason(code, address.kind.value, str(address), **more)


def told(words: str) -> Reason:
    """A reason of which only the words are left: a plan of an earlier version had no more."""
    return Reason(Code.TOLD, detail=words)


def reason_json(one: Reason) -> dict[str, Value]:
    """A reason as saved plans and --json have it. What is not said is null."""
    return {
        "code": one.code.value,
        "kind": one.kind or None,
        "name": one.name or None,
        "change": None if one.change is None else one.change.value,
        "before": to_json(one.before),
        "after": to_json(one.after),
        "detail": one.detail or None,
        "because": None if one.because is None else reason_json(one.because),
    }


def reasons_from_json(typed: Iterable[Mapping[str, Value]], words: Iterable[str]) -> list[Reason]:
    """The reasons that `reason_json` wrote, with their words beside them.

    The words alone count where there is no more (a plan of before), or where a code is not known.
    """
    lines = [*words]
    found = [_from_json(one, line) for one, line in zip(typed, lines, strict=False)]
    return [*found, *map(told, lines[len(found) :])]


def _from_json(one: Mapping[str, Value], words: str) -> Reason:
    if one["code"] not in {*Code}:
        return told(words)
    because = one["because"]
    return Reason(
        Code(one["code"]),
        str(one["kind"] or ""),
        str(one["name"] or ""),
        None if one["change"] is None else Turn(one["change"]),
        from_json(one["before"]),
        from_json(one["after"]),
        str(one["detail"] or ""),
        None if because is None else _from_json(because, ""),
    )
