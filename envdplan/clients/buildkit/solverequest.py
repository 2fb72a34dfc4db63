"""A SolveRequest as the Control API wants it: pure, no grpc."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from envdplan.clients.buildkit.request import CacheEntry, SolveRequest

if TYPE_CHECKING:
    from envdplan.clients.buildkit.proto import control_pb2 as pb


def message(request: SolveRequest, ref: str, session: str) -> "pb.SolveRequest":
    """The message. `ref` names the solve, `session` the session that serves it.

    Builders before BuildKit 0.13 only know the deprecated fields of the exporter, later ones
    read them when there is no other: so a single exporter goes into both. Cache entries need
    no such care: the present fields are older than every builder that we support (0.4).
    """
    from envdplan.clients.buildkit.proto import control_pb2

    result = control_pb2.SolveRequest(
        Ref=ref,
        Session=session,
        Frontend=request.frontend,
        FrontendAttrs={**request.attributes, **_cache_attributes(request.cache_imports)},
        Entitlements=request.entitlements,
    )
    for one in request.exports:
        result.Exporters.add(Type=one.type, Attrs=one.attributes)
    if request.exports:
        result.ExporterDeprecated = request.exports[0].type
        result.ExporterAttrsDeprecated.update(request.exports[0].attributes)
    for entry in request.cache_exports:
        result.Cache.Exports.add(Type=entry.type, Attrs=entry.attributes)
    for entry in request.cache_imports:
        result.Cache.Imports.add(Type=entry.type, Attrs=entry.attributes)
    return result


def _cache_attributes(imports: Iterable[CacheEntry]) -> dict[str, str]:
    """Frontends read the imports from an attribute (moby/buildkit, client/solve.go)."""
    entries = [{"Type": one.type, "Attrs": dict(one.attributes)} for one in imports]
    return {"cache-imports": json.dumps(entries)} if entries else {}
