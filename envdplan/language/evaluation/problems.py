"""What can go wrong with an expression: one exception with a Diagnostic, and its raw forms."""

from collections.abc import Iterable

from envdplan.ground.diagnostics import Diagnostic, Severity, suggestion
from envdplan.ground.source import SourceRange
from envdplan.ground.values import AttributePath

__all__ = [
    "ConversionError",
    "EvaluationError",
    "FunctionError",
    "NameUnknown",
    "Unfit",
    "failure",
    "path_prefix",
    "suggestion",
]


class EvaluationError(Exception):
    """An expression has no value; `diagnostic` says why, and where.

    `sensitive` tells whether the failure itself depends on a sensitive value, so that `can` and
    `try` mark what they make of it.
    """

    def __init__(self, diagnostic: Diagnostic, *, sensitive: bool = False) -> None:
        super().__init__(f"{diagnostic.summary}: {diagnostic.detail}")
        self.diagnostic = diagnostic
        self.sensitive = sensitive

    def behind(self, secret: bool) -> "EvaluationError":
        """The same; with a `secret` that decided whether it would happen, its being is one too."""
        if self.sensitive or not secret:
            return self
        return EvaluationError(self.diagnostic, sensitive=True)


class NameUnknown(Exception):
    """A scope or namespace has no such name; `candidates` are those that it has."""

    def __init__(self, name: str, candidates: Iterable[str] = ()) -> None:
        super().__init__(name)
        self.name = name
        self.candidates = tuple(candidates)


class Unfit(Exception):
    """Values that an operator, index or template cannot work on. Gets its place later.

    `part` counts the operands or arguments, to underline the guilty one.
    """

    def __init__(self, summary: str, detail: str, part: int | None = None) -> None:
        super().__init__(f"{summary}: {detail}")
        self.summary = summary
        self.detail = detail
        self.part = part


class FunctionError(Exception):
    """A function cannot answer. `message` continues the sentence `upper failed: ...`."""

    def __init__(self, message: str, argument: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.argument = argument


class ConversionError(Exception):
    """A value does not fit a type. `path` leads to the part; `seen` quotes it if it may."""

    def __init__(self, message: str, path: AttributePath = (), seen: str = "") -> None:
        super().__init__(message + seen)
        self.wanted = message
        self.path = path
        self.seen = seen

    @property
    def message(self) -> str:
        """What is wrong, with the place inside the value when it is not the value itself."""
        return f"{path_prefix(self.path)}{self.wanted}{self.seen}"

    def under(self, step: str | int) -> "ConversionError":
        """The same problem, seen from the value that has this one under `step`."""
        return ConversionError(self.wanted, (step, *self.path), self.seen)

    def unseen(self) -> "ConversionError":
        """The same problem without the words of the value itself."""
        return ConversionError(self.wanted, self.path)


def path_prefix(path: AttributePath) -> str:
    """`path` as the start of a message: `element 2, attribute "name": `."""
    steps = (f"element {s}" if isinstance(s, int) else f'attribute "{s}"' for s in path)
    return "".join((", ".join(steps), ": ")) if path else ""


def failure(
    summary: str, detail: str, range: SourceRange, *, sensitive: bool = False
) -> EvaluationError:
    """An EvaluationError at `range`."""
    return EvaluationError(Diagnostic(Severity.ERROR, summary, detail, range), sensitive=sensitive)
