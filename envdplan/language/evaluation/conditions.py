"""Conditions with a message: `precondition`, `postcondition`, and the `assert` of a check."""

from collections.abc import Callable
from typing import Final

from envdplan.core.state.desired import Verdict
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.values import Unknown, Value, is_known, is_sensitive, reveal
from envdplan.language.configuration.config import Condition, Declared
from envdplan.language.configuration.yamlblocks import blocks_of
from envdplan.language.evaluation.problems import failure, suggestion
from envdplan.language.syntax.document import Block, Body, Expression

ASSERT: Final = "assert"
"""What the conditions of a check are called."""
_NAMES: Final = ("condition", "error_message")
_SECRET: Final = "(its message holds a sensitive value)"  # noqa: S105  a text, no secret


def conditions(body: Body, type: str, diagnostics: Diagnostics) -> tuple[Condition, ...]:
    """The conditions of one type that `body` states."""
    found = (_condition(block, diagnostics) for block in blocks_of(body, type, diagnostics))
    return tuple(one for one in found if one is not None)


def _condition(block: Block, diagnostics: Diagnostics) -> Condition | None:
    for name, attribute in block.body.attributes.items():
        if name not in _NAMES:
            hint = suggestion(name, _NAMES) or f" It has: {', '.join(_NAMES)}."
            detail = f'A {block.type} block has no attribute "{name}".{hint}'
            diagnostics.error("Unknown attribute", detail, attribute.name_range)
    condition, message = (block.body.attributes.get(name) for name in _NAMES)
    if condition is None or message is None:
        detail = f"A {block.type} block needs both condition and error_message."
        diagnostics.error("Missing attribute", detail, block.range)
        return None
    return Condition(condition.expression, message.expression, condition.range)


def check_names(block: Declared, diagnostics: Diagnostics) -> None:
    """Whether a check block holds nothing but asserts, and at least one."""
    for name, attribute in block.body.attributes.items():
        if name != ASSERT:
            detail = f'A check has no attribute "{name}", only assert blocks.'
            diagnostics.error("Unknown attribute", detail, attribute.name_range)
    for nested in block.body.blocks:
        if nested.type != ASSERT:
            detail = f'A check has no block "{nested.type}", only assert blocks.'
            diagnostics.error("Unknown block type", detail, nested.range)
    if ASSERT not in block.body.attributes and not block.body.blocks:
        detail = "A check needs an assert block with condition and error_message."
        diagnostics.error("Missing attribute", detail, block.range)


def judge(condition: Condition, value: Callable[[Expression], Value]) -> Verdict:
    """Whether it holds, as far as it can be known. Raises EvaluationError."""
    answer = reveal(value(condition.condition))
    if isinstance(answer, Unknown):
        return Verdict(None)
    if not isinstance(answer, bool):
        detail = "A condition must be true or false."
        raise failure("Wrong type", detail, condition.condition.range)
    return Verdict(True) if answer else Verdict(False, _message(condition, value))


def _message(condition: Condition, value: Callable[[Expression], Value]) -> str:
    text = value(condition.message)
    if is_sensitive(text):
        return _SECRET
    return str(text) if is_known(text) else "(its message is known after apply)"
