"""`function` blocks: the user's own functions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.values import Value
from envdplan.language.configuration.config import Declared
from envdplan.language.configuration.refusals import refuse_unknown
from envdplan.language.evaluation.context import Context, Function, Passing
from envdplan.language.evaluation.expressions import evaluate
from envdplan.language.evaluation.instances import Inner
from envdplan.language.syntax.document import Expression, ListOf, Literal, Variable

_NAMES: Final = ("params", "variadic_params", "result")


def functions(
    blocks: Mapping[str, Declared],
    known: Mapping[str, Function],
    base: Callable[[], Context],
    diagnostics: Diagnostics,
) -> Mapping[str, Function]:
    """`known` and the functions of the blocks; `base` gives what their results may see."""
    own = {}
    for name, block in blocks.items():
        if name in known:
            detail = f"{name} is one of the language's own functions; give it another name."
            diagnostics.error("Function is built in", detail, block.range)
        else:
            own[name] = _function(block, base, diagnostics)
    return {**known, **own}


def _function(block: Declared, base: Callable[[], Context], diagnostics: Diagnostics) -> Function:
    misspelt = refuse_unknown("A function", block.body, _NAMES, diagnostics)
    params = tuple(() if "params" in misspelt else _params(block, diagnostics))
    rest = _rest(block, diagnostics)
    result = block.body.attributes.get("result")
    if result is None and "result" not in misspelt:
        diagnostics.error("Missing attribute", "A function needs a result.", block.range)
    expression = result.expression if result is not None else Literal(None, block.range)
    parts = [f"{one}: any?" for one in params] + ([f"{rest}...: any?"] if rest else [])
    return Function(
        f"{block.name}({', '.join(parts)}) -> any",
        "A function of the configuration.",
        "",
        "",
        _caller(params, rest, expression, base),
        Passing.RAW,
    )


def _caller(
    params: tuple[str, ...],
    rest: str | None,
    result: Expression,
    base: Callable[[], Context],
) -> Callable[..., Value]:
    def call(*arguments: Value) -> Value:
        names: dict[str, Value] = dict(zip(params, arguments, strict=False))
        if rest is not None:
            names[rest] = tuple(arguments[len(params) :])
        context = base()
        inner = replace(
            context,
            scope=Inner(names, context.scope),
            directory=result.range.file.directory,
        )
        return evaluate(result, inner)

    return call


def _params(block: Declared, diagnostics: Diagnostics) -> Iterator[str]:
    attribute = block.body.attributes.get("params")
    if attribute is None:
        diagnostics.error("Missing attribute", "A function needs params, a list.", block.range)
        return
    expression = attribute.expression
    for item in expression.items if isinstance(expression, ListOf) else ():
        name = _name(item)
        if name is None:
            detail = "params are plain names, such as [a, b]."
            diagnostics.error("Wrong type", detail, item.range)
        else:
            yield name
    if not isinstance(expression, ListOf):
        detail = "params is a list of names, such as [a, b]."
        diagnostics.error("Wrong type", detail, expression.range)


def _rest(block: Declared, diagnostics: Diagnostics) -> str | None:
    attribute = block.body.attributes.get("variadic_params")
    if attribute is None:
        return None
    name = _name(attribute.expression)
    if name is None:
        detail = "variadic_params is one plain name."
        diagnostics.error("Wrong type", detail, attribute.expression.range)
    return name


def _name(expression: Expression) -> str | None:
    """A name, written as such or (in YAML) as a string."""
    if isinstance(expression, Variable):
        return expression.name
    if isinstance(expression, Literal) and isinstance(expression.value, str):
        return expression.value if expression.value.isidentifier() else None
    return None
