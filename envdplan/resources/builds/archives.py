"""Images that a Docker Engine is given as an archive, since its builder is not its own."""

from dataclasses import replace
from pathlib import Path

from envdplan.clients.buildkit.request import Export, SolveRequest


def is_load(one: Export) -> bool:
    """Whether an export is to be in the engine at the end."""
    return one.type == "docker" and one.destination is None


def with_archive(request: SolveRequest, archive: Path) -> SolveRequest:
    """The request with `archive` as the place of what is to be in the engine."""
    exports = tuple(
        replace(one, destination=str(archive)) if is_load(one) else one for one in request.exports
    )
    return replace(request, exports=exports)
