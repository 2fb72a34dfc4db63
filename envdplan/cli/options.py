"""Options that several commands share. Terraform's spelling with one dash works too."""

import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Annotated, Final

import typer

from envdplan.core.plan.options import PlanOptions
from envdplan.ground.addresses import Address, Kind, in_module
from envdplan.ground.diagnostics import EnvdplanError, suggestion

Vars = Annotated[
    list[str] | None,
    typer.Option("--var", "-var", metavar="NAME=VALUE", help="Give a variable its value."),
]
VarFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--var-file", "-var-file", metavar="FILE", help="Read the values of variables from a file."
    ),
]


def _of_session(name: str) -> Callable[[typer.Context, list[str] | None], None]:
    """Puts the values of an option where the project is read."""

    def put(ctx: typer.Context, values: list[str] | None) -> None:
        given = values or ()
        setattr(ctx.obj, name, tuple(Path(one) if name == "bake_files" else one for one in given))

    return put


Files = Annotated[
    list[str] | None,
    typer.Option(
        "--file",
        "-file",
        "-f",
        metavar="FILE",
        help="Read this bake or Compose file.",
        callback=_of_session("bake_files"),
        expose_value=False,
    ),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-set",
        metavar="TARGET.KEY=VALUE",
        help="Override an attribute of a bake target.",
        callback=_of_session("overrides"),
        expose_value=False,
    ),
]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        "-target",
        metavar="ADDRESS",
        help="Plan only this resource, group or module, and what it depends on; "
        "when destroying, also what depends on it.",
    ),
]
Replaces = Annotated[
    list[str] | None,
    typer.Option(
        "--replace",
        "-replace",
        metavar="ADDRESS",
        help="Replace this resource, or run this build, even if nothing changed.",
    ),
]
RefreshOnly = Annotated[
    bool,
    typer.Option(
        "--refresh-only", "-refresh-only", help="Only update the state to match what is live."
    ),
]
Refresh = Annotated[
    bool,
    typer.Option(
        "--refresh/--no-refresh",
        help="Look at what is live. With --no-refresh (-refresh=false) everything is deferred.",
    ),
]
Parallelism = Annotated[
    int,
    typer.Option("--parallelism", "-parallelism", min=1, help="Limit on concurrent operations."),
]
Json = Annotated[bool, typer.Option("--json", "-json", help="Print one JSON object per line.")]
AutoApprove = Annotated[
    bool, typer.Option("--auto-approve", "-auto-approve", help="Apply without asking for approval.")
]
LockTimeout = Annotated[
    float,
    typer.Option(
        "--lock-timeout",
        "-lock-timeout",
        min=0,
        metavar="SECONDS",
        help="Time to wait for the state lock.",
    ),
]


_NAMED: Final = re.compile(r"group\..*|(module\.[^.]+)(\.module\.[^.]+)*")
"""What stands for several addresses."""


PLAIN: Final = re.compile(r"[\w-]+")
"""A name alone, as docker buildx bake takes it for a target or a group."""


def plan_options(
    targets: list[str] | None,
    replaces: list[str] | None,
    *,
    destroy: bool = False,
    refresh_only: bool = False,
) -> PlanOptions:
    """The options of a plan. Raises EnvdplanError for what is no address."""
    if destroy and refresh_only:
        raise EnvdplanError(
            "--destroy and --refresh-only exclude each other",
            "One removes everything; the other changes only the state.",
        )
    for one in replaces or ():
        _refuse_several(one)
    named = [one for one in targets or () if _NAMED.fullmatch(one)]
    return PlanOptions(
        targets=tuple(address(one) for one in targets or () if one not in named),
        names=tuple(named),
        replace=tuple(map(address, replaces or ())),
        destroy=destroy,
        refresh_only=refresh_only,
    )


def _refuse_several(text: str) -> None:
    if _NAMED.fullmatch(text):
        raise EnvdplanError(
            "--replace takes single resources",
            f"{text} means several resources, and all would be replaced. Name each one: "
            "--replace build.NAME, with one --replace for each.",
        )


def addresses(texts: Iterable[str], known: Collection[Address]) -> list[Address]:
    """Addresses given by the user; of a module all that are `known`. Raises EnvdplanError."""
    found: dict[Address, None] = {}
    for text in texts:
        inside = [one for one in known if in_module(one.module).startswith(f"{text}.")]
        found.update(dict.fromkeys(sorted(inside) if _NAMED.fullmatch(text) else [address(text)]))
        if _NAMED.fullmatch(text) and not inside:
            detail = f"The state records nothing in {text}. See `envdplan state list`."
            raise EnvdplanError("Not in the state", detail)
    return list(found)


def address(text: str) -> Address:
    """An address given by the user. Raises EnvdplanError."""
    try:
        return Address.parse(text)
    except ValueError as error:
        kinds = (*(kind.value for kind in Kind), "group", "module")
        hint = suggestion(text.partition(".")[0], kinds)
        if "[" in text:
            hint = """ Quote it for the shell: 'build.NAME["KEY"]'."""
        if PLAIN.fullmatch(text):
            hint = f" Say build.{text} for a build or a target of bake, group.{text} for a group."
        raise EnvdplanError("Not an address", f"{error}.{hint}") from None
