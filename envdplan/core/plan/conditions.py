"""Preconditions, postconditions and checks: judged with what is known at the moment."""

from collections.abc import Iterator

from envdplan.core.state.desired import DesiredState, Known, Requirement, Resource
from envdplan.ground.diagnostics import Diagnostics


def check_before(resource: Resource, known: Known, diagnostics: Diagnostics) -> None:
    """What surely does not hold is an error; what is not known yet is judged by apply."""
    _errors("Precondition failed", resource, resource.preconditions, known, diagnostics)


def check_after(resource: Resource, known: Known, diagnostics: Diagnostics) -> None:
    """As `check_before`, for what has to hold when the resource is as wanted."""
    _errors("Postcondition failed", resource, resource.postconditions, known, diagnostics)


def _errors(
    summary: str,
    resource: Resource,
    tests: tuple[Requirement, ...],
    known: Known,
    diagnostics: Diagnostics,
) -> None:
    for test in tests:
        verdict = test.judge(known)
        if verdict.holds is False:
            diagnostics.error(summary, verdict.message, test.range, str(resource.address))


def broken(tests: tuple[Requirement, ...], known: Known) -> Iterator[str]:
    """What does not hold now, when all that can be known is known."""
    for test in tests:
        verdict = test.judge(known)
        if verdict.holds is None:
            yield f"{test.range}: Whether it is true is not known even now."
        elif not verdict.holds:
            yield f"{test.range}: {verdict.message}"


def checks(desired: DesiredState, known: Known) -> Diagnostics:
    """Warnings of all check blocks that do not hold."""
    found = Diagnostics()
    for check in desired.checks:
        for test in check.tests:
            verdict = test.judge(known)
            if verdict.holds is False:
                found.warn("Check failed", verdict.message, test.range, check.name)
    return found
