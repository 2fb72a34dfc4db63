"""The inputs of a build: what its digest covers, and how two lists of them differ.

In the key: file contents, links, empty directories, the Dockerfile, arguments, labels,
annotations, target, platforms, network, hosts, limits, exporters' options, triggers, further
contexts, the frontend, attestations, ids of secrets and SSH agents. Not in the key: credentials,
keys, secret values, tags, cache settings, absolute paths, times, owners. Which attribute is which
is said where it is declared (`Attribute.input`). Sensitive values count by
name only, because the key travels with the image, and a digest of a short secret can be guessed;
that one has another value is seen by what the state keeps of it (core/state/seals.py).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import NamedTuple

from envdplan.core.plan.reasons import Code, Reason, Turn
from envdplan.core.state.observed import Input
from envdplan.ground.attributes import (
    INPUT_ORDER,
    Attribute,
    EachContext,
    EachItem,
    EachKey,
    EachWithOptions,
    FoundThere,
    Option,
    Whole,
)
from envdplan.ground.encoding import to_json
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import (
    UNKNOWN,
    Attributes,
    Sensitive,
    Unknown,
    Value,
    is_known,
    is_sensitive,
    redact,
    reveal,
    walk,
)

SCHEME = "2"
"""Version of the key. A new one is announced, not taken for changed inputs."""

SENSITIVE = "sensitive"
"""Stands for the digest of what must not be guessed."""

_ON_THIS_MACHINE = {"/": "a directory", "oci-layout://": "an OCI layout"}


class _Part(NamedTuple):
    """An input that stands in the configuration."""

    kind: str
    name: str
    value: Value


def attribute_inputs(type: ResourceType, attributes: Attributes) -> tuple[Input, ...] | None:
    """The inputs that stand in the configuration; None while any of them is unknown."""
    found = tuple(
        Input(kind, name, _digest(value)) for kind, name, value in _parts(type, attributes)
    )
    return None if any(not one.digest for one in found) else found


def unknown_inputs(type: ResourceType, attributes: Attributes) -> tuple[str, ...]:
    """Names of the inputs that are known after apply only: `args.BASE`."""
    parts = _parts(type, attributes)
    return tuple(input_name(kind, name) for kind, name, value in parts if not is_known(value))


def sensitive_inputs(type: ResourceType, attributes: Attributes) -> Mapping[str, Value]:
    """The plain values of sensitive inputs by their names: `args.TOKEN`.

    Where only the mark is left, as in a saved plan, there is no value.
    """
    found: dict[str, list[Value]] = {}
    for kind, name, value in _parts(type, attributes):
        if is_sensitive(value) and is_known(value) and not _is_emptied(value):
            found.setdefault(input_name(kind, name), []).append(reveal(value))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _is_emptied(value: Value) -> bool:
    return any(part == Sensitive(None) for _, part in walk(value))


def source_attributes(type: ResourceType, attributes: Attributes) -> Attributes:
    """What says where the files are that are inputs."""
    found = {name: attributes.get(name) for name in type.names(_says_where)}
    for attribute in type.names(lambda one: isinstance(one.input, EachContext)):
        named = attributes.get(attribute)
        local = named.items() if isinstance(named, Mapping) else ()
        found |= {f"{attribute}.{key}": one for key, one in local if _without_place(one) != one}
    return found


def _says_where(one: Attribute) -> bool:
    return isinstance(one.input, FoundThere) or (isinstance(one.input, Whole) and one.input.finds)


def _parts(type: ResourceType, attributes: Attributes) -> Iterator[_Part]:
    yield _Part("scheme", "", SCHEME)
    for rule in INPUT_ORDER:
        for name, one in type.attributes.items():
            if one.input.__class__ is rule:
                yield from _parts_of(name, one, attributes.get(name))


def _parts_of(name: str, attribute: Attribute, value: Value) -> Iterator[_Part]:
    match attribute.input:
        case FoundThere(text=text):
            if not is_known(value) or (text and is_sensitive(value)):
                yield _Part("attribute", name, value if text and is_known(value) else UNKNOWN)
        case EachKey(kind=kind):
            yield from _pairs(kind, value)
        case EachContext(kind=kind):
            yield from _pairs(kind, value, _without_place)
        case Whole() if value not in (None, (), {}, ""):
            yield _Part("attribute", name, value)
        case EachItem() as each:
            yield from _items(each, attribute.parts, value)
        case _:
            pass


def _pairs(
    kind: str, pairs: Value, counts: Callable[[Value], Value] = lambda value: value
) -> Iterator[_Part]:
    """An input for each key of a map; one for all of it where it is unknown or sensitive."""
    if isinstance(pairs, Unknown | Sensitive):
        yield _Part(kind, "*", pairs)
        return
    for key, value in (pairs or {}).items():
        yield _Part(kind, key, counts(value))


def _without_place(value: Value) -> Value:
    """What is on this machine counts by its content, wherever it lies."""
    if isinstance(value, Sensitive):
        return Sensitive(_without_place(value.value))
    text = value if isinstance(value, str) else ""
    kinds = (kind for start, kind in _ON_THIS_MACHINE.items() if text.startswith(start))
    return next(kinds, value)


def _items(each: EachItem, parts: Mapping[str, Attribute], items: Value) -> Iterator[_Part]:
    """An input for each object of a list; one that is unknown where the list or an item is."""
    if isinstance(items, Unknown):
        yield _Part(each.kind, "*", UNKNOWN)
        return
    for item in items or ():
        if not isinstance(item, Mapping) or not is_known(item.get(each.key)):
            yield _Part(each.kind, "*", UNKNOWN)
            continue
        options = _options(parts, item)
        if options.keys() - {each.key} or not isinstance(each, EachWithOptions):
            yield _Part(
                each.kind, str(item[each.key]), options if _has_options(each, parts) else None
            )


def _options(parts: Mapping[str, Attribute], item: Attributes) -> Attributes:
    """What counts of one object."""
    counts = {name for name, one in parts.items() if isinstance(one.input, Option)}
    return {name: value for name, value in item.items() if name in counts and value is not None}


def _has_options(each: EachItem, parts: Mapping[str, Attribute]) -> bool:
    return any(isinstance(one.input, Option) for name, one in parts.items() if name != each.key)


def options_given(attribute: Attribute | None, items: Value) -> frozenset[str]:
    """The names of the options that any object of a list has, its key left out."""
    if attribute is None or not isinstance(attribute.input, EachItem):
        return frozenset()
    key = attribute.input.key
    return frozenset(n for item in items or () for n in _options(attribute.parts, item) if n != key)


def _digest(value: Value) -> str:
    """A digest of one value; empty while it is unknown; the same for all sensitive values.

    Of a value with sensitive parts all the rest counts.
    """
    if not is_known(value):
        return ""
    if isinstance(value, Sensitive):
        return SENSITIVE
    text = json.dumps(to_json(redact(value)), sort_keys=True, ensure_ascii=False)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def inputs_digest(own: Iterable[Input], files: str) -> str:
    """One digest over all inputs: 64 hex digits (BLAKE2b-256).

    `own` are those of the configuration, `files` is the digest of those of the source: there may
    be a hundred thousand, so that theirs is made once.
    """
    return entries_digest((*own, Input("files", "", files)))


def entries_digest(entries: Iterable[Input]) -> str:
    """One digest over entries, whatever their order: 64 hex digits (BLAKE2b-256)."""
    digest = blake2b(digest_size=32)
    pieces: list[bytes] = []
    for one in sorted(entries, key=_order):
        for part in (one.kind, one.name, one.digest):
            data = part.encode("utf-8", "surrogateescape")
            pieces += (len(data).to_bytes(8, "big"), data)
    digest.update(b"".join(pieces))
    return digest.hexdigest()


def _order(one: Input) -> tuple[str, str, str]:
    return (one.kind, one.name, one.digest)


_WORDS = {
    "file": "{}",
    "link": "{} (link)",
    "dir": "{}/ (directory)",
    "dockerfile": "{} (Dockerfile)",
    "left-out": "{} (left out of the source)",
    "arg": "args.{}",
    "label": "labels.{}",
    "annotation": "annotations.{}",
    "trigger": "triggers.{}",
    "attribute": "{}",
    "secret": "secret {}",
    "ssh": "ssh {}",
    "attest": "attestation {}",
    "context": "contexts.{}",
    "context-file": "{}",
    "context-link": "{} (link)",
    "context-dir": "{}/ (directory)",
    "context-image": "contexts.{} (image)",
    "output": "output {}",
    "tool": "the version of {}",
    "settings": "{} of the user",
    "scheme": "the way inputs are digested",
}


def explain(previous: Iterable[Input], now: Iterable[Input]) -> tuple[Reason, ...]:
    """What differs, a reason each; in words: `~ src/train.py`, `+ args.CUDA`, `- old.py`."""
    before = {(one.kind, one.name): one.digest for one in previous}
    after = {(one.kind, one.name): one.digest for one in now}
    return tuple(_changed(before, after))


def _changed(
    before: Mapping[tuple[str, str], str], after: Mapping[tuple[str, str], str]
) -> Iterator[Reason]:
    for kind, name in sorted({*before, *after}):
        was, is_now = before.get((kind, name)), after.get((kind, name))
        if was != is_now:
            yield Reason(Code.INPUT_CHANGED, kind, name, Turn.of(was, is_now))


def offers_otherwise(previous: tuple[Input, ...] | None, now: tuple[Input, ...] | None) -> bool:
    """Whether the same Dockerfile is given another set of secrets or agents than before.

    A step that may do without a secret is the same to BuildKit, whether there is one or not.
    """
    if previous is None or now is None:
        return False
    offers, texts = ("secret", "ssh"), ("dockerfile",)
    others = _of(previous, offers) != _of(now, offers)
    return others and _of(previous, texts) == _of(now, texts)


def _of(inputs: Iterable[Input], kinds: tuple[str, ...]) -> set[Input]:
    return {one for one in inputs if one.kind in kinds}


def about_input(
    type: ResourceType,
    code: Code,
    attributes: Attributes,
    named: str,
    change: Turn | None = None,
) -> Reason:
    """A reason that is about an input of the configuration, of which the user's name is known."""
    all_parts = _parts(type, attributes)
    parts = ((kind, name) for kind, name, _ in all_parts if input_name(kind, name) == named)
    kind, name = next(parts, ("attribute", named))
    return Reason(code, kind, name, change)


def input_name(kind: str, name: str) -> str:
    """What users call an input: `args.CUDA`, `secret token`, `src/train.py`."""
    return _WORDS.get(kind, kind + " {}").format(name)
