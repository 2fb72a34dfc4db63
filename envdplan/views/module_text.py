"""What became of a module, in one line."""

from typing import Final

from envdplan.modules.events import ModuleEvent, Outcome
from envdplan.views.style import Style, safe

_COLORS: Final = {Outcome.INSTALLED: "green", Outcome.UPGRADED: "green", Outcome.REMOVED: "red"}
_WORDS: Final = {
    Outcome.LOCAL: "Local",
    Outcome.FETCHING: "Fetching",
    Outcome.INSTALLED: "Installed",
    Outcome.UPGRADED: "Upgraded",
    Outcome.UNCHANGED: "Up to date:",
    Outcome.REMOVED: "Removed",
}
_SHORT: Final = 12


def module_text(event: ModuleEvent, style: Style) -> str:
    """Address, outcome and source, and the commit of a git repository."""
    address = f"{style(safe(event.address), 'bold')}: " if event.address else ""
    color = _COLORS.get(event.outcome)
    word = style(_WORDS[event.outcome], color) if color else _WORDS[event.outcome]
    return f"{address}{word} {safe(event.source)}{_rest(event)}"


def _rest(event: ModuleEvent) -> str:
    if event.outcome is Outcome.FETCHING:
        return " ..."
    if event.outcome is Outcome.REMOVED:
        return ", which no module needs any more"
    if event.commit is None:
        return ""
    former = f"{event.former_commit[:_SHORT]} -> " if event.former_commit else ""
    return f" (commit {former}{event.commit[:_SHORT]})"
