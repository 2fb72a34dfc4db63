"""The inputs of a build: what its digest covers, and how two lists of them differ in words.

In the key: file contents, links, empty directories, the Dockerfile, arguments, labels,
annotations, target, platforms, network, hosts, limits, exporters' options, triggers, further
contexts, the frontend, attestations, ids of secrets and SSH agents. Not in the key: credentials,
keys, secret values, tags, cache settings, absolute paths, times, owners. Sensitive arguments count
by name only: a digest of a short secret can be guessed.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b

from envdplan.encoding import to_json
from envdplan.states.observed import Input
from envdplan.values import Attributes, Sensitive, Unknown, Value, is_known, is_sensitive

SCHEME = "2"
"""Version of the key. A new one is announced, not taken for changed inputs."""

_MAPS = {"args": "arg", "labels": "label", "annotations": "annotation", "triggers": "trigger"}
_SCALARS = (
    "from",
    "use_proxy",
    "frontend",
    "syntax",
    "target",
    "platforms",
    "network",
    "extra_hosts",
    "shm_size",
    "ulimits",
    "entitlements",
)
_SOURCE = ("path", "dockerfile", "dockerfile_inline", "ignore_file")
"""Where the source is: in the key is what is found there, but first it has to be known."""

_ON_THIS_MACHINE = {"/": "a directory", "oci-layout://": "an OCI layout"}
_EXPORT_LOCATIONS = frozenset({"dest", "name", "push"})


def attribute_inputs(attributes: Attributes) -> tuple[Input, ...] | None:
    """The inputs that stand in the configuration; None while any of them is unknown."""
    found = tuple(_attribute_inputs(attributes))
    return None if any(not one.digest for one in found) else found


def unknown_inputs(attributes: Attributes) -> tuple[str, ...]:
    """Names of the inputs that are known after apply only: `args.BASE`."""
    return tuple(
        _WORDS[one.kind].format(one.name) for one in _attribute_inputs(attributes) if not one.digest
    )


def source_attributes(attributes: Attributes) -> Attributes:
    """What says where the files are that are inputs."""
    contexts = attributes.get("contexts")
    local = contexts.items() if isinstance(contexts, Mapping) else ()
    return {
        **{name: attributes.get(name) for name in (*_SOURCE, "from")},
        **{f"contexts.{name}": value for name, value in local if _without_place(value) != value},
    }


def _attribute_inputs(attributes: Attributes) -> Iterator[Input]:
    yield Input("scheme", "", _digest(SCHEME))
    yield from (Input("attribute", n, "") for n in _SOURCE if not is_known(attributes.get(n)))
    for attribute, kind in _MAPS.items():
        yield from _pairs(kind, attributes.get(attribute))
    yield from _pairs("context", attributes.get("contexts"), _without_place)
    for name in _SCALARS:
        if (value := attributes.get(name)) not in (None, (), {}, ""):
            yield Input("attribute", name, _digest(value))
    for secret in attributes.get("secret") or ():
        yield Input("secret", str(secret["id"]), _digest(secret.get("version")))
    yield from _named("ssh", "id", attributes.get("ssh"), lambda _: None)
    yield from _named("attest", "type", attributes.get("attest"), _options)
    yield from _export_inputs(attributes)


def _pairs(
    kind: str, pairs: Value, counts: Callable[[Value], Value] = lambda value: value
) -> Iterator[Input]:
    """An input for each key of a map; one for all of it where it is unknown or sensitive."""
    if isinstance(pairs, Unknown | Sensitive):
        yield Input(kind, "*", _digest(pairs))
        return
    for key, value in (pairs or {}).items():
        yield Input(kind, key, _digest(counts(value)))


def _without_place(value: Value) -> Value:
    """What is on this machine counts by its content, wherever it lies."""
    text = value if isinstance(value, str) else ""
    kinds = (kind for start, kind in _ON_THIS_MACHINE.items() if text.startswith(start))
    return next(kinds, value)


def _named(
    kind: str, key: str, items: Value, counts: Callable[[Attributes], Value]
) -> Iterator[Input]:
    """An input for each object of a list; one that is unknown where the list or an item is."""
    if isinstance(items, Unknown):
        yield Input(kind, "*", "")
        return
    for one in items or ():
        known = isinstance(one, Mapping) and is_known(one.get(key))
        yield Input(kind, str(one[key]), _digest(counts(one))) if known else Input(kind, "*", "")


def _options(item: Attributes) -> Attributes:
    return {name: value for name, value in item.items() if value is not None}


def _export_inputs(attributes: Attributes) -> Iterator[Input]:
    for export in attributes.get("output") or ():
        options = {k: v for k, v in export.items() if k not in _EXPORT_LOCATIONS and v is not None}
        if options.keys() - {"type"}:
            yield Input("output", str(export["type"]), _digest(options))


def _digest(value: Value) -> str:
    """A digest of one value; empty while it is unknown; the same for all sensitive values."""
    if not is_known(value):
        return ""
    if is_sensitive(value):
        return "sensitive"
    text = json.dumps(to_json(value), sort_keys=True, ensure_ascii=False)
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


def explain(previous: Iterable[Input], now: Iterable[Input]) -> tuple[str, ...]:
    """What differs, a line each: `~ src/train.py`, `+ args.CUDA`, `- old.py`."""
    before = {(one.kind, one.name): one.digest for one in previous}
    after = {(one.kind, one.name): one.digest for one in now}
    return tuple(_lines(before, after))


def _lines(
    before: Mapping[tuple[str, str], str], after: Mapping[tuple[str, str], str]
) -> Iterator[str]:
    for kind, name in sorted({*before, *after}):
        was, is_now = before.get((kind, name)), after.get((kind, name))
        if was != is_now:
            sign = "+" if was is None else "-" if is_now is None else "~"
            yield f"{sign} {_WORDS.get(kind, kind + ' {}').format(name)}"
