"""The names of a bake file: variables, values outside of blocks, targets and groups.

Each is evaluated when it is first asked for, so that the order of a file never matters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from envdplan.dialects.bake import outside
from envdplan.dialects.bake.request import Request
from envdplan.dialects.bake.sources import Sources
from envdplan.ground.source import SourceRange
from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Context, Namespace
from envdplan.language.evaluation.expressions import evaluate
from envdplan.language.evaluation.problems import ConversionError, NameUnknown, failure
from envdplan.language.syntax.document import Attribute, Block, Literal
from envdplan.language.types.conversion import convert
from envdplan.language.types.typeexpr import parse_type
from envdplan.language.types.types import ANY, Type

RESERVED: Final = frozenset(("target", "group"))


@dataclass(slots=True)
class Globals:
    """The root scope."""

    sources: Sources
    request: Request
    spaces: dict[str, Namespace] = field(default_factory=dict)
    """`target` and `group`, as soon as the names of all targets are known."""
    context: Context | None = None
    """What the values of this scope see; set by whoever makes both."""
    _known: dict[str, Value] = field(default_factory=dict)
    _busy: list[str] = field(default_factory=list)

    @property
    def builtins(self) -> Mapping[str, Value]:
        """Names that no file and no environment can change."""
        platform = self.request.local_platform
        return {"BAKE_CMD_CONTEXT": "cwd://", "BAKE_LOCAL_PLATFORM": platform}

    def names(self) -> tuple[str, ...]:
        """The names of all variables and values that count."""
        own = dict.fromkeys((*self.sources.values, *self.sources.variables))
        return tuple(one for one in own if one not in RESERVED and one not in self.builtins)

    def lookup(self, name: str) -> Value:
        """See Scope."""
        if name in self._known:
            return self._known[name]
        if name in self.spaces:
            return self.spaces[name]
        if name in self.builtins:
            return self.builtins[name]
        if name not in self.names():
            raise NameUnknown(name, (*self.names(), *self.builtins, *self.spaces))
        self._check_cycle(name)
        self._busy.append(name)
        try:
            self._known[name] = self._value(name)
        finally:
            self._busy.pop()
        return self._known[name]

    def _check_cycle(self, name: str) -> None:
        if name in self._busy:
            drawn = " -> ".join((*self._busy[self._busy.index(name) :], name))
            detail = f"These values refer to each other: {drawn}."
            raise failure("Reference cycle", detail, self.place(name))

    def place(self, name: str) -> SourceRange:
        """Where a name is declared."""
        attribute = self.sources.values.get(name)
        return attribute.range if attribute else self.sources.variables[name].range

    def _value(self, name: str) -> Value:
        """A value outside of blocks overrides a variable's default, and its type too."""
        attribute = self.sources.values.get(name)
        block = self.sources.variables.get(name)
        if block is None or attribute is not None:
            assert attribute is not None  # noqa: S101  names() knows one of the two
            value = self._evaluated(attribute)
            return value if block is None else self._untyped(name, value)
        wanted, default = (block.body.attributes.get(one) for one in ("type", "default"))
        if wanted is None:
            return self._untyped(name, "" if default is None else self._evaluated(default))
        type = _type(wanted)
        return self._typed(name, type, None if default is None else self._default(default, type))

    def _evaluated(self, attribute: Attribute) -> Value:
        assert self.context is not None  # noqa: S101  set together with the scope
        return evaluate(attribute.expression, self.context)

    def _default(self, attribute: Attribute, type: Type) -> Value:
        try:
            return convert(self._evaluated(attribute), type)
        except ConversionError as error:
            detail = f"The default is not a valid {type}: {error.message}."
            range = attribute.expression.range
            raise failure("Default does not fit the type", detail, range) from None

    def _untyped(self, name: str, default: Value) -> Value:
        text = self.request.given(name)
        text = self._json(name) if text is None else text
        try:
            return default if text is None else outside.like(text, default)
        except ValueError as error:
            raise self._unfit(name, f"cannot be used: {error}") from None

    def _typed(self, name: str, type: Type, default: Value) -> Value:
        data, text = self._json(name), self.request.given(name)
        if data is None and text is None:
            return default
        if type is ANY:
            raise self._unfit(name, "cannot be read, because its type is any; declare one")
        try:
            if data is not None:
                return outside.from_json(data, type)
            return outside.from_text(text or "", type)
        except ValueError as error:
            what = f"{name}_JSON" if data is not None else name
            raise self._unfit(name, f"({what}) is not a valid {type}: {error}") from None

    def _json(self, name: str) -> str | None:
        """NAME_JSON, unless that is a variable itself."""
        other = f"{name}_JSON"
        known = other in self.sources.variables or other in self.builtins
        return None if known else self.request.given(other)

    def _unfit(self, name: str, problem: str) -> Exception:
        block: Block = self.sources.variables[name]
        detail = f'The value given for the variable "{name}" {problem}.'
        return failure("Value does not fit the variable", detail, block.range)


def _type(attribute: Attribute) -> Type:
    if isinstance(attribute.expression, Literal):
        detail = "A type is written without quotes, such as string or list(string)."
        raise failure("Invalid type", detail, attribute.expression.range)
    return parse_type(attribute.expression)
