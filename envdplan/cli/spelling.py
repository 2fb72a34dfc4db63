"""The command line as it was written: Terraform's -refresh=false, and misspelt options."""

import re
from collections.abc import Sequence
from typing import Final

from envdplan.ground.diagnostics import suggestion

_REFRESH: Final = {
    "-refresh": "--refresh",
    "-refresh=true": "--refresh",
    "--refresh=true": "--refresh",
    "-refresh=false": "--no-refresh",
    "--refresh=false": "--no-refresh",
}


def as_here(arguments: Sequence[str]) -> list[str]:
    """With Terraform's -refresh=false in our words, for the command that has it."""
    return [_REFRESH.get(one, one) if "plan" in arguments else one for one in arguments]


def tell_whole(error: Exception, arguments: Sequence[str]) -> None:
    """Make `error` name a misspelt option of one dash as it stands in `arguments`.

    The parser takes it for several options of one letter each, and complains of the first one.
    """
    _tell_targets(error)
    letter, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    found = (one for one in arguments if isinstance(letter, str) and _begins(one, letter))
    whole = next(found, "").partition("=")[0]
    if whole and context is not None:
        known = [name for one in context.command.params for name in one.opts]
        vars(error)["message"] = f"No such option: {whole}.{suggestion(whole, known)}"


def _tell_targets(error: Exception) -> None:
    """What `docker buildx bake` takes as targets is said by an option here."""
    found = re.fullmatch(r"Got unexpected extra argument.* \((\S+).*\)", str(error))
    context = getattr(error, "ctx", None)
    if found is None or context is None:
        return
    if any("--target" in one.opts for one in context.command.params):
        name = found[1]
        hint = f"To choose a build or a group: -target build.{name}, -target group.{name}."
        vars(error)["message"] = f"{found[0]}. {hint}"


def _begins(argument: str, letter: str) -> bool:
    return re.match(rf"{re.escape(letter)}[A-Za-z]", argument) is not None
