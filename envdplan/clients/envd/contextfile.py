"""The bytes of envd's context store: what envd would read from them, and what it would write.

Byte layout, tolerance and pitfalls are those of envd 1.3.6 (pkg/home/context.go) with Go's
encoding/gob; older stores are read by the definitions that they carry.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from envdplan.clients.envd.contexts import DEFAULT, Context, ContextSet, shown
from envdplan.clients.envd.contexttypes import (
    DEFINITIONS,
    ENVD_CONTEXT_ID,
    OLD_ADDRESS,
    check_types,
)
from envdplan.clients.envd.gob import GobStream, GobValue, read
from envdplan.clients.envd.gobwire import message_bytes, string_bytes
from envdplan.clients.envd.gobwriter import slice_bytes, struct_bytes
from envdplan.ground.diagnostics import Diagnostic, Refused, Severity

_BLANK = Context("", "", "", "", None)


@dataclass(frozen=True, slots=True)
class DecodedContexts:
    """What a store holds. `outdated` says that envd of today would read something else."""

    contexts: ContextSet
    warnings: tuple[Diagnostic, ...] = ()
    outdated: bool = False


def decode(data: bytes) -> ContextSet:
    """The contexts in the bytes of a store. Raises CorruptGob where envd would give up."""
    return inspect(data).contexts


def inspect(data: bytes) -> DecodedContexts:
    """As `decode`, with what the user should hear about the store."""
    return interpret(read(data, check_types))


def interpret(stream: GobStream) -> DecodedContexts:
    """The contexts in a gob value, as envd takes them.

    envd decodes into its default set, and gob leaves alone what was not sent: so the current
    context and the list default to those of the default set, and a list of one context is laid
    over the default one. Raises CorruptGob where the stream's types are not the store's.
    """
    outdated = check_types(stream.type_id, stream.types)
    sent = stream.value if isinstance(stream.value, dict) else {}
    current = _text(sent, "Current", DEFAULT.current)
    contexts = ContextSet(current, _contexts(sent.get("Contexts"), old=outdated))
    return DecodedContexts(contexts, tuple(_warnings(contexts, old=outdated)), outdated)


def _contexts(sent: GobValue, *, old: bool) -> tuple[Context, ...]:
    if not isinstance(sent, list):
        return DEFAULT.contexts
    before = DEFAULT.contexts[0] if len(sent) == 1 else _BLANK
    return tuple(_context(one, before, old=old) for one in sent if isinstance(one, dict))


def _context(sent: Mapping[str, GobValue], before: Context, *, old: bool) -> Context:
    runner_address = sent.get("RunnerAddress")
    return Context(
        _text(sent, "Name", before.name),
        _text(sent, "Builder", before.builder),
        _text(sent, OLD_ADDRESS if old else "BuilderAddress", before.builder_address),
        "docker" if old else _text(sent, "Runner", before.runner),
        runner_address if isinstance(runner_address, str) else None,
    )


def _text(sent: Mapping[str, GobValue], name: str, default: str) -> str:
    value = sent.get(name)
    return value if isinstance(value, str) else default


def _warnings(contexts: ContextSet, *, old: bool) -> Iterator[Diagnostic]:
    if old:
        yield _warning(
            "Context store was written by an old envd",
            "It was written by envd 0.2.0 to 0.2.3, which kept the builder's address under "
            "another name. Current versions of envd silently drop those addresses. They are "
            "read here, and the next change of the store writes them in the current format.",
        )
    names = Counter(one.name for one in contexts.contexts)
    for name in (name for name, times in names.items() if times > 1):
        yield _warning(
            "Two contexts of one name in the store",
            f'envd uses the first context "{shown(name)}" and never sees the others. '
            "The next change of that context removes them.",
        )
    if contexts.contexts and contexts.current not in names:
        yield _warning(
            "No current context",
            f'The store names "{shown(contexts.current)}" as the current context but has no '
            "such context, so envd refuses to build. Choose one with `envdplan context use`.",
        )


def _warning(summary: str, detail: str) -> Diagnostic:
    return Diagnostic(Severity.WARNING, summary, detail)


def encode(contexts: ContextSet) -> bytes:
    """The bytes that envd 1.3.6 itself writes for `contexts`.

    Raises Refused for what would read back as something else: gob sends no empty values, so envd
    would fill them in from its default context.
    """
    for problem in _unwritable(contexts):
        raise Refused("Contexts cannot be stored for envd", problem)
    data = DEFINITIONS + _value_message(contexts)
    if decode(data) != contexts:
        raise Refused(
            "Contexts cannot be stored for envd",
            "envd would read other contexts from the store than envdplan writes.",
        )
    return data


def _unwritable(contexts: ContextSet) -> Iterator[str]:
    if not contexts.contexts:
        yield (
            "envd takes a store without contexts for its default context. "
            "Keep one, or remove the store's file."
        )
    if not contexts.current:
        yield "The current context needs a name: envd reads an empty one as `default`."
    for one in contexts.contexts:
        if one.runner_address == "":
            yield f'The runner address of "{shown(one.name)}" is empty: leave it out.'
        if not _is_text(one, contexts.current):
            yield f'A text of context "{shown(one.name)}" is not valid Unicode.'
    if len(contexts.contexts) == 1:
        yield from _unwritable_alone(contexts.contexts[0])


def _unwritable_alone(context: Context) -> Iterator[str]:
    for what in ("name", "builder", "builder_address", "runner"):
        if not getattr(context, what):
            yield (
                f'The {what.replace("_", " ")} of "{shown(context.name)}" is empty. In a store '
                "of one context envd reads an empty text as that of its default context. "
                "Give it a value, or keep a second context."
            )


def _is_text(context: Context, current: str) -> bool:
    try:
        for text in (*_texts(context), current):
            text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _texts(context: Context) -> tuple[str, ...]:
    return (
        context.name,
        context.builder,
        context.builder_address,
        context.runner,
        context.runner_address or "",
    )


def _value_message(contexts: ContextSet) -> bytes:
    elements = [struct_bytes([_sent(text) for text in _texts(one)]) for one in contexts.contexts]
    value = struct_bytes([_sent(contexts.current), slice_bytes(elements)])
    return message_bytes(ENVD_CONTEXT_ID, value)


def _sent(text: str) -> bytes | None:
    return string_bytes(text) if text else None
