"""A plan as text: what changes, how, and why; then the numbers."""

from collections.abc import Container, Iterator
from typing import Final

from envdplan.core.plan.changes import Action, Change, Difference, Drift, Work
from envdplan.core.plan.gaps import names
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.plan import Plan
from envdplan.core.plan.wording import worded, words
from envdplan.ground.addresses import Kind
from envdplan.ground.attributes import Hidden
from envdplan.ground.values import Value
from envdplan.views.base import HiddenNames
from envdplan.views.style import Style, safe
from envdplan.views.values_text import value_text

_COLORS: Final = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "red",
    Action.DELETE: "red",
    Action.DEFER: "cyan",
}
_VERBS: Final = {
    Action.CREATE: "will be created",
    Action.UPDATE: "will be updated in place",
    Action.REPLACE: "will be replaced",
    Action.DELETE: "will be destroyed",
    Action.FORGET: "will be forgotten",
    Action.ADOPT: "will be recorded as it is",
    Action.DEFER: "cannot be decided now",
}
_WORKS: Final = {
    (Work.BUILD,): "will be built",
    (Work.BUILD, Work.PUSH): "will be built and pushed",
    (Work.PUSH,): "will be pushed",
    (Work.RETAG,): "will be tagged",
}
_SHOWN: Final = 5
"""So many targets are named."""


def plan_text(plan: Plan, style: Style, hidden: HiddenNames) -> Iterator[str]:
    """The lines of a plan."""
    yield from _targets(plan.options)
    if plan.drift and not plan.options.destroy:
        yield from _drift(plan, style)
    shown = [one for one in plan.changes if one.action is not Action.NOOP]
    if plan.is_empty:
        yield from _nothing(plan, shown, style)
        return
    yield "envdplan will do the following:"
    yield ""
    for change in shown:
        if change.action is not Action.DEFER:
            yield from _change(change, style, hidden)
            yield ""
    yield from _deferred(shown, style)
    yield from _outputs(plan, style)
    yield from summary(plan, style)


def brief(plan: Plan, style: Style) -> Iterator[str]:
    """Only the numbers, for whoever has seen the plan."""
    return _nothing(plan, [], style) if plan.is_empty else summary(plan, style)


def _targets(options: PlanOptions) -> Iterator[str]:
    """That the plan is not about everything."""
    if options.names and not options.targets:
        yield f"{', '.join(options.names)} matches no resources, so nothing is planned."
        yield ""
    if not options.targets:
        return
    names = [str(one) for one in options.targets]
    more = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    others = "what needs them" if options.destroy else "what they need"
    yield f"Because of -target this is only about these, and {others}:"
    yield f"  {', '.join([*names[:_SHOWN], *more])}"
    yield ""


def _deferred(shown: list[Change], style: Style) -> Iterator[str]:
    """What cannot be decided, each cause once: its message says the rest."""
    by_cause: dict[tuple[str, str], list[Change]] = {}
    for change in shown:
        if change.action is Action.DEFER:
            key = change.cause.key if change.cause else ("", words(change.reasons[0]))
            by_cause.setdefault(key, []).append(change)
    for changes in by_cause.values():
        first = changes[0]
        why = first.cause.summary if first.cause else words(first.reasons[0])
        names = [f"{style(str(one.address), 'bold')} ({one.type})" for one in changes]
        sign = style(Action.DEFER.symbol, _COLORS[Action.DEFER])
        yield f"  {sign} {', '.join(names[:_SHOWN])}"
        for start in range(_SHOWN, len(names), _SHOWN):
            yield f"    {', '.join(names[start : start + _SHOWN])}"
        yield f"      {_VERBS[Action.DEFER]}: {safe(why)}"
        yield ""


def _nothing(plan: Plan, shown: list[Change], style: Style) -> Iterator[str]:
    if plan.kept:
        yield style("No changes, as far as could be determined.", "bold", "yellow")
        yield f"What is recorded is believed for {names(plan.kept)}; the warnings say why."
    else:
        yield style("No changes.", "bold", "green")
    if not shown:
        if plan.kept:
            return
        yield from _settled(plan.options)
        return
    yield "Only the state will be brought up to date:"
    for change in shown:
        reason = "; ".join(map(safe, worded(change.why)[:1]))
        yield f"  {change.action.symbol} {change.address} {_VERBS[change.action]}: {reason}"


def _settled(options: PlanOptions) -> Iterator[str]:
    """What it means that there is nothing to do."""
    if options.destroy:  # says nothing of what exists: destroy goes by the record
        yield "Nothing is recorded here that could be destroyed."
        yield "If the state was lost: `envdplan apply` records what exists, then destroy it."
        return
    if options.refresh_only:  # asks nothing about the configuration
        yield "Everything is as it is recorded."
        return
    what = "These are" if options.targets or options.names else "Everything is"
    yield f"{what} as the configuration says."


def _drift(plan: Plan, style: Style) -> Iterator[str]:
    yield style("Changed outside of envdplan since it was recorded:", "bold")
    yield ""
    for drift in plan.drift:
        yield from _drifted(drift, style)
    yield ""


def _drifted(drift: Drift, style: Style) -> Iterator[str]:
    if drift.gone:
        yield f"  {style('-', 'red')} {drift.address} is gone"
        return
    yield f"  {style('~', 'yellow')} {drift.address}"
    for one in drift.differences:
        yield f"      {_difference(one)}"


def _change(change: Change, style: Style, hidden: HiddenNames) -> Iterator[str]:
    symbol = style(change.action.symbol, _COLORS.get(change.action, "dim"))
    verb = _verb(change)
    yield f"  {symbol} {style(str(change.address), 'bold')} ({change.type}) {verb}"
    for reason in worded(change.why):
        yield f"      {style('because', 'dim')} {safe(reason)}"
    yield from _details(change, style, hidden)


def _verb(change: Change) -> str:
    if change.address.kind is Kind.BUILD and change.action.is_change:
        return _WORKS.get(change.work, _VERBS[change.action])
    return _VERBS[change.action]


def _details(change: Change, style: Style, hidden: HiddenNames) -> Iterator[str]:
    if change.action in (Action.UPDATE, Action.REPLACE) and change.differences:
        for one in change.differences:
            forced = style("  # forces replacement", "red") if one.forces_replacement else ""
            yield f"      {style('~', 'yellow')} {_difference(one)}{forced}"
    elif change.action is Action.CREATE and change.address.kind is not Kind.BUILD:
        yield from _attributes(change, style, hidden(Hidden.IN_PLANS))
    elif Work.RETAG in change.work:
        yield f"      {style('to', 'dim')} {safe(change.source or '')}"
    elif Work.BUILD in change.work:
        yield from _build(change, style)


def _attributes(change: Change, style: Style, hidden: Container[str]) -> Iterator[str]:
    after = {name: one for name, one in (change.after or {}).items() if name not in hidden}
    shown = {name: one for name, one in after.items() if one is not None and not _is_noise(one)}
    width = max(map(len, shown), default=0)
    for name in sorted(shown):
        yield f"      {style('+', 'green')} {name:<{width}} = {value_text(shown[name], ' ' * 8)}"


def _build(change: Change, style: Style) -> Iterator[str]:
    after = change.after or {}
    for name in ("path", "target", "platforms", "tags"):
        value = after.get(name)
        if not _is_noise(value) and value is not None:
            yield f"      {style(f'{name:<9}', 'dim')} {value_text(value, ' ' * 8)}"


def _is_noise(value: Value) -> bool:
    return isinstance(value, dict | tuple) and not value


def _difference(one: Difference) -> str:
    name = ".".join(map(str, one.path))
    before, after = value_text(one.before, " " * 8), value_text(one.after, " " * 8)
    return f"{safe(name)} = {before} -> {after}"


def _outputs(plan: Plan, style: Style) -> Iterator[str]:
    if not plan.output_changes:
        return
    is_first = plan.serial == 0  # of a state that was never saved
    changed = style("+", "green") if is_first else style("~", "yellow")
    yield "Outputs:"
    for name in plan.output_changes:
        if name in plan.outputs:
            yield f"  {changed} {name} = {value_text(plan.outputs[name], '    ')}"
        else:
            yield f"  {style('-', 'red')} {name}"
    yield ""


def summary(plan: Plan, style: Style) -> Iterator[str]:
    """The numbers, the first line in Terraform's words."""
    counts = plan.counts()
    line = f"{counts.add} to add, {counts.change} to change, {counts.destroy} to destroy."
    yield f"{style('Plan:', 'bold')} {line}"
    works = [
        f"{number} {word}"
        for number, word in (
            (counts.builds, "to build"),
            (counts.pushes, "to push"),
            (counts.retags, "to retag"),
        )
        if number
    ]
    if works:
        yield f"{style('Builds:', 'bold')} {', '.join(works)}."
    if counts.deferred:
        noun = "resource" if counts.deferred == 1 else "resources"
        yield f"{style('Deferred:', 'bold')} {counts.deferred} {noun} cannot be decided now."
