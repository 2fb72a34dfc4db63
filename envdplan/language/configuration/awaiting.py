"""What an output waits for, told by its text alone: nothing is evaluated."""

from collections.abc import Iterator

from envdplan.ground.addresses import Kind
from envdplan.language.configuration.config import Declarations
from envdplan.language.evaluation.references import Path, references
from envdplan.language.syntax.document import Expression

_KINDS = frozenset(one.value for one in Kind)


def awaited(declared: Declarations, output: str) -> tuple[str, ...]:
    """Resources and modules that an output refers to, through locals too, such as `build.base`."""
    block = declared.outputs.get(output)
    attribute = None if block is None else block.body.attributes.get("value")
    if attribute is None:
        return ()
    return tuple(dict.fromkeys(_needs(declared, attribute.expression, set())))


def _needs(declared: Declarations, expression: Expression, seen: set[str]) -> Iterator[str]:
    for path, _ in references(expression):
        if path[0] in (*_KINDS, "module") and len(path) > 1:
            yield f"{path[0]}.{path[1]}"
        elif (name := _local(path)) is not None and name not in seen:
            seen.add(name)
            if (found := declared.locals.get(name)) is not None:
                yield from _needs(declared, found.expression, seen)


def _local(path: Path) -> str | None:
    return path[1] if path[0] == "local" and len(path) > 1 else None
