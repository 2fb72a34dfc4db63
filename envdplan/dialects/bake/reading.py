"""From a request to a Document: files, names, values, targets, and what becomes of them here."""

from collections.abc import Mapping
from dataclasses import replace

from envdplan.dialects.bake import functions, variables
from envdplan.dialects.bake.document import document
from envdplan.dialects.bake.groups import Group, Groups, with_generated
from envdplan.dialects.bake.inheritance import Resolver
from envdplan.dialects.bake.links import Links
from envdplan.dialects.bake.overrides import read as read_overrides
from envdplan.dialects.bake.placed import Placed
from envdplan.dialects.bake.request import Request
from envdplan.dialects.bake.resolution import Resolution, named, requested
from envdplan.dialects.bake.scope import Globals
from envdplan.dialects.bake.sources import Sources, gather
from envdplan.dialects.bake.targets import Targets, TargetSpace, expand
from envdplan.ground.diagnostics import Diagnostics
from envdplan.language.configuration.config import Declared
from envdplan.language.evaluation.context import Context, Function
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.evaluation.problems import failure, suggestion
from envdplan.language.evaluation.userfunctions import functions as user_functions
from envdplan.language.syntax.document import Document


def read(request: Request) -> tuple[Document, Diagnostics]:
    """The builds and groups that the bake files mean, as a Document of ours."""
    resolution, diagnostics = resolve(request)
    made, found = document(resolution, request)
    diagnostics.extend(found)
    return made, diagnostics


def resolve(request: Request) -> tuple[Resolution, Diagnostics]:
    """The targets and groups of the bake files, in bake's own words."""
    diagnostics = Diagnostics()
    sources = gather(request, diagnostics)
    if diagnostics.has_errors:
        return Resolution(), diagnostics
    return _resolved(request, sources, diagnostics), diagnostics


def _resolved(request: Request, sources: Sources, diagnostics: Diagnostics) -> Resolution:
    targets = Targets()
    groups = _evaluate(request, sources, targets, diagnostics)
    resolver = Resolver(targets, diagnostics)
    resolver.read_all()
    if diagnostics.has_errors:
        return Resolution()
    try:
        names = targets.instances
        resolver.overrides = read_overrides(request.overrides, names, request.environment)
        return _resolution(request, groups, resolver)
    except EvaluationError as error:
        diagnostics.extend([error.diagnostic])
    except ValueError as error:
        diagnostics.error("Unknown target", str(error))
    except RecursionError:
        detail = "The targets inherit from each other, or are contexts of each other, too deeply."
        diagnostics.error("Nested too deeply", detail)
    return Resolution()


def _evaluate(
    request: Request, sources: Sources, targets: Targets, diagnostics: Diagnostics
) -> dict[str, Group]:
    """Evaluate variables and groups, and find the names of all targets."""
    scope = Globals(sources, request)
    context = _context(request, scope, diagnostics)
    scope.context = context
    groups = Groups(sources.groups, context, diagnostics)
    expand(sources.targets, context, targets, diagnostics)
    scope.spaces.update({"target": TargetSpace(targets), "group": groups})
    variables.check(scope, diagnostics)
    places = {name: found[0].range for name, found in targets.instances.items()}
    return with_generated(groups.all(), targets.labels, places)


def _context(request: Request, scope: Globals, diagnostics: Diagnostics) -> Context:
    """What expressions see. bake's functions are stronger than those of the file, as there."""
    known = functions.table()
    own: dict[str, Declared] = {}
    for name, block in scope.sources.functions.items():
        if name in known:
            detail = f"{name}() is one of bake's own functions; this one is never called."
            diagnostics.warn("Function is built in", detail, block.range)
        else:
            own[name] = Declared(name, block.body, block.range)
    made: dict[str, Function] = {}
    complete = replace(
        request.base,
        scope=scope,
        functions=made,
        directory=request.directory,
        environment=request.environment,
    )
    made.update(user_functions(own, known, lambda: complete, diagnostics))
    return complete


def _resolution(request: Request, groups: dict[str, Group], resolver: Resolver) -> Resolution:
    names = resolver.targets.instances
    wanted = request.targets or (*groups, *names)
    asked = named(wanted, (*groups, *names))
    chosen, used = requested(asked, groups)
    for name, place in chosen.items():
        _check(name, place, names)
    links = Links({name: resolver.resolve(name) for name in chosen}, resolver.resolve, names)
    for name in chosen:
        links.follow(name)
    extra = frozenset(links.found) - frozenset(chosen)
    return Resolution(links.found, used, extra, resolver.inherited, asked)


def _check(name: str, place: Placed | None, names: Mapping[str, object]) -> None:
    if name in names:
        return
    detail = f'There is no target or group "{name}".{suggestion(name, names)}'
    if place is None:
        raise ValueError(detail)
    raise failure("Unknown target", detail, place.range)
