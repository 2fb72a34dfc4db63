"""envd's contexts as values, and the bytes of its store that envd itself would read and write."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from envdplan.ground.diagnostics import Refused, suggestion

DEFAULT_BUILDER_ADDRESS = "envd_buildkitd"
"""Name of the container that envd starts when a context does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where envd builds (`builder`) and where it runs environments (`runner`).

    envd dials `<builder>://<builder_address>`.
    """

    name: str
    builder: str
    builder_address: str
    runner: str = "docker"
    runner_address: str | None = None


@dataclass(frozen=True, slots=True)
class ContextSet:
    """All contexts of a store, and the name of the one that envd uses.

    `current` may name none: envd then lists contexts and refuses to build. Where a name stands
    twice, the first is the one that envd finds; operations here leave only that one.
    """

    current: str
    contexts: tuple[Context, ...]

    def find(self, name: str) -> Context | None:
        """The context `name`, if there is one."""
        return next((one for one in self.contexts if one.name == name), None)

    def put(self, context: Context) -> "ContextSet":
        """With `context` in the place of the one of its name, or added at the end."""
        others = [one for one in self.contexts if one.name != context.name]
        names = [one.name for one in self.contexts]
        place = names.index(context.name) if context.name in names else len(others)
        return replace(self, contexts=(*others[:place], context, *others[place:]))

    def remove(self, name: str) -> "ContextSet":
        """Without the context `name`; unchanged when there is none.

        Does not ask whether it is the current one, and may leave a set that cannot be stored
        because it is empty: callers choose what becomes current (`commands.remove` asks).
        """
        return replace(self, contexts=tuple(one for one in self.contexts if one.name != name))

    def use(self, name: str) -> "ContextSet":
        """With `name` as the current context. Raises Refused when there is no such context."""
        if self.find(name) is None:
            raise Refused(
                f'context "{shown(name)}" does not exist',
                f"The store has {_listed(self.contexts)}."
                f"{suggestion(name, [one.name for one in self.contexts])}",
            )
        return replace(self, current=name)


def survives(before: ContextSet, wanted: ContextSet, newest: ContextSet) -> bool:
    """Whether the change from `before` to `wanted` is in `newest`, or was overruled there.

    It is not when `newest` was made by someone who knew `before` and wrote later.
    """
    changed = {one.name for one in {*before.contexts} ^ {*wanted.contexts}}
    if any(newest.find(name) != wanted.find(name) for name in changed):
        return False
    return bool(changed) or wanted.current == before.current or newest.current != before.current


def rebase(newest: ContextSet, known: ContextSet, made: ContextSet) -> ContextSet:
    """`newest` with the change that somebody made who knew `known` and wrote `made`."""
    for name in {one.name for one in {*known.contexts} ^ {*made.contexts}}:
        context = made.find(name)
        newest = newest.remove(name) if context is None else newest.put(context)
    if made.current != known.current:
        newest = replace(newest, current=made.current)
    return newest


def _listed(contexts: Iterable[Context]) -> str:
    return ", ".join(f'"{shown(one.name)}"' for one in contexts) or "no contexts"


def shown(text: str) -> str:
    """`text` for people: what could command a terminal, or is no Unicode, shows as an escape."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


DEFAULT = ContextSet(
    "default", (Context("default", "moby-worker", DEFAULT_BUILDER_ADDRESS, "docker"),)
)
"""What envd 1.0.0 and later start with, and what a missing store stands for."""

OWN = DEFAULT.contexts[0]
"""The context that envd has by itself; it is there again when all else is gone."""
