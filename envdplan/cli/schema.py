"""envdplan schema: the published schemas, as they are for this version."""

import json as encoder
from typing import Annotated

import typer

from envdplan.app import exit_codes
from envdplan.cli.schemas import SCHEMAS
from envdplan.ground.diagnostics import EnvdplanError


def schema(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help=f"One of: {', '.join(SCHEMAS)}.")
    ] = "envdplan",
) -> int:
    """Print a published JSON Schema.

    They describe configurations in YAML, lines of --json, and state and plan files.
    """
    make = SCHEMAS.get(name)
    if make is None:
        raise EnvdplanError("Unknown schema", f'"{name}" is not one of: {", ".join(SCHEMAS)}.')
    typer.echo(encoder.dumps(make(), indent=2))
    return exit_codes.OK
