"""envdplan init: fetches the modules that a project needs, and locks what they are."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from envdplan.app import exit_codes
from envdplan.app.wiring import Session
from envdplan.cli.options import Json
from envdplan.ground.diagnostics import Rejected
from envdplan.modules.events import ModuleEvent, Outcome

if TYPE_CHECKING:
    from envdplan.app.workflow import Project

_PATIENCE: Final = 10.0
"""Seconds after which a fetch that goes on is told again."""


def init(
    ctx: typer.Context,
    upgrade: Annotated[
        bool,
        typer.Option(
            "--upgrade", "-upgrade", help="Take the newest from each source, and lock it."
        ),
    ] = False,
    json: Json = False,
) -> int:
    """Fetch the modules and lock their versions.

    Fetches each module that the configuration calls. envdplan.lock records what was fetched.
    """
    from envdplan.app.moduletree import names_modules
    from envdplan.modules.index import FOLDER
    from envdplan.modules.lockfile import NAME
    from envdplan.modules.place import alone, folder_of_ours

    session: Session = ctx.obj
    session.json = session.json or json
    project = session.project()
    folder = session.directory / FOLDER
    known = folder.exists() or (session.directory / NAME).exists()
    if not names_modules(project.files) and not known:
        session.view.message(
            "The configuration has no modules, so there is nothing to fetch. Go on with "
            "`envdplan plan`."
        )
        return exit_codes.OK
    folder_of_ours(folder)
    waiting = "Another `envdplan init` is running here; waiting for it to end."
    with alone(folder, lambda: session.view.message(waiting)):
        count = _install(session, project, upgrade=upgrade)
    session.view.message(_next(count))
    return exit_codes.OK


def _install(session: Session, project: "Project", *, upgrade: bool) -> int:
    """The number of modules that are ready. Raises Rejected; what was installed stays."""
    from envdplan.app.moduletree import ModuleTree
    from envdplan.modules.install import Installer

    installer = Installer(session.directory, session.environment, upgrade=upgrade)
    with telling(session.view.module, session.view.message) as tell:
        tree = ModuleTree(installer, tell)
        complete = False
        try:
            tree.walk(session.directory, project.files)
            complete = not tree.problems.has_errors
        finally:
            gone = installer.save(prune=complete)
    for source in gone:
        session.view.module(ModuleEvent(Outcome.REMOVED, source))
    if not complete:
        raise Rejected(tree.problems)
    return tree.count


def _next(count: int) -> str:
    if count == 0:
        return "No modules are needed. Go on with `envdplan plan`."
    ready = "1 module is ready." if count == 1 else f"{count} modules are ready."
    return f"{ready} `envdplan plan` shows what apply would do."


@contextmanager
def telling(
    module: Callable[[ModuleEvent], None],
    message: Callable[[str], None],
    patience: float = _PATIENCE,
) -> Iterator[Callable[[ModuleEvent], None]]:
    """Tells events, and from time to time that a fetch still goes on."""
    lock, ended = threading.Lock(), threading.Event()
    running: list[ModuleEvent] = []

    def tell(event: ModuleEvent) -> None:
        with lock:
            running[:] = [event] if event.outcome is Outcome.FETCHING else []
            module(event)

    def remind() -> None:
        while not ended.wait(patience):
            with lock:
                for one in running:
                    message(f"{one.address}: still fetching {one.source} ...")

    thread = threading.Thread(target=remind, daemon=True)
    thread.start()
    try:
        yield tell
    finally:
        ended.set()
        thread.join()
