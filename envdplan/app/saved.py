"""Saved plans: written for later, and the configuration that they hold."""

import os
from dataclasses import replace
from pathlib import Path

from envdplan import __version__
from envdplan.app.usedtexts import UsedTexts, as_noted
from envdplan.app.workflow import Loaded, Project
from envdplan.core.plan.plan import Plan
from envdplan.core.plan.planfile import PlanFile, decode, encode
from envdplan.ground.diagnostics import CorruptFile, EnvdplanError
from envdplan.ground.reading import read_named


def save_plan(path: Path, plan: Plan, project: Project, loaded: Loaded, used: UsedTexts) -> None:
    """Write `plan` with the texts that it was made from. Raises EnvdplanError.

    Only its owner can read the file: values that are not sensitive stand in it.
    """
    from envdplan.ground.files_on_disk import write_atomically

    saved = PlanFile(
        plan=plan,
        sources=(*project.files, *used.converted()),
        variables=loaded.variables,
        sensitive=loaded.sensitive,
        directory=project.directory,
        version=__version__,
        started=project.started,
        seed=project.seed,
        modules=used.module_texts(),
    )
    write_atomically(path, encode(saved), mode=0o600)


def read_plan(path: Path) -> PlanFile:
    """A saved plan. Raises CorruptFile and EnvdplanError."""
    try:
        data = read_named(path)
    except OSError as error:
        reason = error.strerror or str(error)
        detail = f"{path}: {reason}. `envdplan plan --out FILE` saves a plan."
        name = path.name
        if "." not in name:  # as bake takes a target
            detail += (
                f" If a build or a group is meant: -target build.{name}, -target group.{name}."
            )
        raise EnvdplanError("Cannot read the plan", detail) from error
    return decode(data, str(path))


def as_planned(project: Project, saved: PlanFile) -> Project:
    """The configuration of the plan, with sensitive values given anew.

    What the files of today say does not count, but what functions read is of today. Raises
    CorruptFile when the plan belongs to another directory.
    """
    if os.path.realpath(saved.directory) != os.path.realpath(project.directory):
        raise CorruptFile(
            "Plan belongs to another project",
            f"It was made in {saved.directory}, and this is {project.directory}.",
        )
    return replace(
        project,
        files=tuple(saved.sources),
        modules=as_noted(saved.modules),
        dialect=None,
        variable_files=project.variable_files if saved.sensitive else (),
        planned=saved.variables,
        started=saved.started,
        seed=saved.seed,
    )
