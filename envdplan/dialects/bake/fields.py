"""The attributes of a target: what they hold, and how blocks and parents are joined."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, TypeAlias

from envdplan.dialects.bake.placed import Content, Items, Placed, listed
from envdplan.ground.values import Value


class Kind(Enum):
    """What an attribute holds."""

    TEXT = auto()
    FLAG = auto()
    LIST = auto()
    MAP = auto()
    ENTRIES = auto()
    """A list of caches, outputs, secrets, SSH agents or attestations."""
    OTHER = auto()
    """Of later versions than 0.29: known, so that it can be refused by name."""


class Rule(Enum):
    """What a later value does to an earlier one."""

    REPLACE = auto()
    APPEND = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute. Maps are joined key by key, whatever the rule."""

    kind: Kind
    rule: Rule = Rule.REPLACE
    identity: str | None = None
    """Of entries with the same value under this key the last one counts."""


FIELDS: Final[Mapping[str, Field]] = {
    "annotations": Field(Kind.LIST, Rule.APPEND),
    "args": Field(Kind.MAP),
    "attest": Field(Kind.ENTRIES, Rule.APPEND, "type"),
    "cache-from": Field(Kind.ENTRIES, Rule.APPEND),
    "cache-to": Field(Kind.ENTRIES),
    "call": Field(Kind.TEXT),
    "context": Field(Kind.TEXT),
    "contexts": Field(Kind.MAP),
    "description": Field(Kind.TEXT),
    "dockerfile": Field(Kind.TEXT),
    "dockerfile-inline": Field(Kind.TEXT),
    "entitlements": Field(Kind.LIST, Rule.APPEND),
    "extra-hosts": Field(Kind.MAP),
    "inherits": Field(Kind.LIST, Rule.APPEND),
    "labels": Field(Kind.MAP),
    "network": Field(Kind.TEXT),
    "no-cache": Field(Kind.FLAG),
    "no-cache-filter": Field(Kind.LIST, Rule.APPEND),
    "output": Field(Kind.ENTRIES),
    "platforms": Field(Kind.LIST),
    "policy": Field(Kind.OTHER),
    "pull": Field(Kind.FLAG),
    "resources": Field(Kind.OTHER),
    "secret": Field(Kind.ENTRIES, Rule.APPEND, "id"),
    "shm-size": Field(Kind.TEXT),
    "ssh": Field(Kind.ENTRIES, Rule.APPEND, "id"),
    "tags": Field(Kind.LIST),
    "target": Field(Kind.TEXT),
    "ulimits": Field(Kind.LIST, Rule.APPEND),
}

Contents: TypeAlias = dict[str, Content]
"""The attributes of a target that are set, by bake's names."""


def join(earlier: Contents, later: Contents) -> Contents:
    """`later` laid over `earlier`. A null in a map never unsets an inherited key."""
    made = dict(earlier)
    for name, content in later.items():
        made[name] = _joined(FIELDS[name], made.get(name), content)
    return made


def _joined(field: Field, earlier: Content | None, later: Content) -> Content:
    if isinstance(later, Mapping):
        before = earlier if isinstance(earlier, Mapping) else {}
        return {**before, **{k: one for k, one in later.items() if one.value is not None}}
    if isinstance(later, tuple) and field.rule is Rule.APPEND:
        both = (*listed(earlier), *later)
        return distinct(both, field) if field.kind is Kind.ENTRIES else both
    return later


def normalized(contents: Contents) -> Contents:
    """Empty strings and repetitions dropped, as bake does after each step of inheritance."""
    made: Contents = {}
    for name, content in contents.items():
        field = FIELDS[name]
        if field.kind is Kind.ENTRIES and isinstance(content, tuple):
            if content:  # an empty list of these counts as unset from here on
                made[name] = distinct(content, field)
        elif isinstance(content, tuple):
            made[name] = _strings(content)
        elif name == "contexts" and isinstance(content, Mapping):
            made[name] = {key: one for key, one in content.items() if one.value != ""}
        else:
            made[name] = content
    return _with_host_network(made)


def _strings(items: Items) -> Items:
    """The first of equal strings; empty ones are nothing."""
    first: dict[str, Placed] = {}
    for one in items:
        if one.value != "":
            first.setdefault(one.value, one)
    return tuple(first.values())


def distinct(items: Items, field: Field) -> Items:
    """Entries without repetitions.

    With an identity the last one counts, where the first one stood. Else equal ones are left out;
    as in bake the last entry of all takes the place of one that is left out.
    """
    if field.identity is not None:
        return tuple({one.value[field.identity]: one for one in items}.values())
    kept = list(items)
    known: list[Value] = []
    while len(known) < len(kept):
        one = kept[len(known)]
        if one.value not in known:
            known.append(one.value)
        else:
            kept[len(known)] = kept[-1]
            kept.pop()
    return tuple(kept)


def _with_host_network(contents: Contents) -> Contents:
    """Asking for the host's network is asking for the right to it."""
    network = contents.get("network")
    if not isinstance(network, Placed) or network.value != "host":
        return contents
    right = Placed("network.host", network.range)
    rights = (*listed(contents.get("entitlements")), right)
    return {**contents, "entitlements": _strings(rights)}
