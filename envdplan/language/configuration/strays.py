"""Values that are given from outside for variables that nobody declares."""

from collections.abc import Collection, Mapping

from envdplan.ground.diagnostics import Diagnostics, suggestion


def stray_environment(
    environment: Mapping[str, str], known: Collection[str], prefix: str, *, bake: bool
) -> Diagnostics:
    """One warning for each environment variable that begins with `prefix` and has no use.

    It is no error, because one environment often serves several projects. Files of `bake` have
    their own way.
    """
    found = Diagnostics()
    for name in sorted(name for name in environment if name.startswith(prefix)):
        short = name.removeprefix(prefix)
        if short not in known:
            detail = f'{name} has no effect: the configuration has no variable "{short}".'
            found.warn("Unknown variable in the environment", detail + _hint(short, known, bake))
    return found


def _hint(name: str, known: Collection[str], bake: bool) -> str:
    if bake:
        return f" Variables of bake files are set by their own names: {name}, or --var {name}=..."
    return suggestion(name, known) or " Correct its name, or unset it."
