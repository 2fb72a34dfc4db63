"""The published schemas: of the configuration, and of what other programs read."""

from collections.abc import Callable, Mapping
from typing import Final

from envdplan.cli.schemas.common import Schema


def _configuration() -> Schema:
    from envdplan.cli.schemas.configuration import configuration

    return configuration()


def _output() -> Schema:
    from envdplan.cli.schemas.lines import output

    return output()


def _state() -> Schema:
    from envdplan.cli.schemas.files import state

    return state()


def _plan() -> Schema:
    from envdplan.cli.schemas.files import plan

    return plan()


SCHEMAS: Final[Mapping[str, Callable[[], Schema]]] = {
    "envdplan": _configuration,
    "output": _output,
    "state": _state,
    "plan": _plan,
}
"""By the names of their files."""
