"""Compose files and bake's own as one: what `docker buildx bake` makes of all its files."""

from collections.abc import Sequence
from dataclasses import replace

from envdplan.dialects.bake.reading import read as read_bake
from envdplan.dialects.bake.request import Request
from envdplan.dialects.compose import target_files as compose
from envdplan.dialects.compose.env import Open
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile
from envdplan.language.syntax.document import Body, Document


def read(
    request: Request, files: Sequence[SourceFile], dotenv: SourceFile | None, open: Open
) -> tuple[Document, Diagnostics]:
    """The builds and groups of `request` on top of those of the Compose `files`."""
    if not files:
        return read_bake(request)
    composed, problems = compose.read(files, request.environment, dotenv, open)
    if problems.has_errors:
        return Document(files[0], Body()), problems
    request = replace(
        request,
        compose=composed.body,
        compose_places=composed.places,
        compose_file=files[0],
    )
    document, found = read_bake(request)
    problems.extend(found)
    return document, problems
