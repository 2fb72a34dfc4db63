"""The change of a build: whether its builder can do it, and what the user has to know."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from os.path import normpath
from pathlib import PurePosixPath

from envdplan.core.plan.changes import Action, Change, Work
from envdplan.core.plan.inputs import sensitive_inputs, unknown_inputs
from envdplan.core.plan.names import idle_tags
from envdplan.core.plan.names import outputs as outputs_of
from envdplan.core.plan.reasons import Code, Reason
from envdplan.core.plan.triggers import waits_for, why_forced
from envdplan.core.plan.untold import refuse_untold
from envdplan.core.plan.world import Diff, World
from envdplan.core.state.desired import Resource
from envdplan.core.state.observed import Absent, BuildFacts, Cause, Present
from envdplan.core.state.outputs import is_pushed
from envdplan.ground.addresses import Address
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import Attributes, Value, is_known
from envdplan.resources.builds import decide as builds
from envdplan.resources.builds.capabilities import check_capabilities, foreign_platforms, left_out
from envdplan.resources.builds.localhost import unreachable_registries


def build_change(
    outcome: Diff,
    world: World,
    resource: Resource,
    attributes: Attributes,
    observation: Present | Absent,
) -> Change:
    """What has to be done for a build, with what is wrong or unclear told in `outcome`."""
    facts = observation.facts if isinstance(observation, Present) else None
    facts = facts or BuildFacts(files=None)
    if facts.problem is not None:
        outcome.diagnostics.error(
            "Source of a build cannot be read", facts.problem, resource.range, str(resource.address)
        )
    record = world.state.records.get(resource.address)
    record = None if record is None or record.begun else record
    forced = why_forced(resource, outcome.changes)
    type = world.catalog.types[resource.address.kind, resource.type]
    change = builds.decide(type, resource, attributes, record, facts, forced=forced)
    change = replace(change, prevent_destroy=resource.lifecycle.prevent_destroy)
    former = world.state.moved.get(resource.address)
    if change.action is Action.NOOP and former is not None:
        reasons = (Reason(Code.MOVED, before=str(former)),)
        return replace(change, action=Action.ADOPT, reasons=reasons)
    if change.action is Action.NOOP and resource.address in world.state.pending:
        return replace(change, action=Action.ADOPT)
    if Work.BUILD not in change.work and Work.PUSH not in change.work:
        return change
    refuse_untold(outcome, world, resource, partial(unknown_inputs, type))
    _warn_of_nowhere(outcome, resource, change, facts)
    _warn_of_idle_tags(outcome, resource, change)
    _warn_of_own_source(outcome, resource, change)
    _warn_of_exposed(outcome, type, resource, change)
    return _with_builder(outcome, world, resource, change, facts)


def _warn_of_nowhere(outcome: Diff, resource: Resource, change: Change, facts: BuildFacts) -> None:
    """What has a name, or no output at all, is built, and nobody gets it."""
    after = change.after or {}
    tags, outputs = after.get("tags"), after.get("output") or ()
    kept = facts.tags or facts.loaded or not is_known(outputs) or any(map(_keeps, outputs))
    if kept or (not tags and (outputs or after.get("export_cache"))):
        return
    if tags:
        detail = (
            "It has tags, but is neither pushed nor loaded, so its result stays only in the "
            "builder's cache. Set push = true or load = true (for a file of bake or Compose: "
            f"--set {resource.address.name}.push=true), or remove the tags."
        )
    else:
        detail = (
            "It has neither tags nor outputs, so its result stays only in the builder's cache. Set "
            'tags with push or load, or an output; one of type "cacheonly" says that this is '
            "intended."
        )
    summary = "Build result is discarded"
    outcome.diagnostics.warn(summary, detail, resource.range, str(resource.address))


def _warn_of_idle_tags(outcome: Diff, resource: Resource, change: Change) -> None:
    """The plan lists them, and nothing gets them."""
    if idle := idle_tags(change.after or {}):
        outcome.diagnostics.warn(
            "Tags without an image",
            f"No image gets {' or '.join(idle)}, because each output has names of its own. Add "
            "them to the names of an output, or take them away from tags.",
            resource.range,
            str(resource.address),
        )


def _warn_of_exposed(outcome: Diff, type: ResourceType, resource: Resource, change: Change) -> None:
    """What is hidden in plan and state is not hidden in the image."""
    given = {name: _exposed(type, name) for name in sensitive_inputs(type, change.after or {})}
    names = [name for name, place in given.items() if place]
    if Work.BUILD not in change.work or not names:
        return
    places = dict.fromkeys(given[name] for name in names)
    outcome.diagnostics.warn(
        "Sensitive value in the image",
        f"{', '.join(names)} can be read in the {' and '.join(places)} of the image by "
        "everybody who can pull it. Give the value as a secret, which RUN --mount=type=secret "
        "reads and no image keeps; or say by nonsensitive() that this is meant.",
        resource.range,
        str(resource.address),
    )


def _exposed(type: ResourceType, name: str) -> str:
    """Where in an image an input such as `args.TOKEN` is in clear."""
    attribute = type.attributes.get(name.partition(".")[0])
    return "" if attribute is None else attribute.exposed


def _warn_of_own_source(outcome: Diff, resource: Resource, change: Change) -> None:
    """Other places in the source are left out of it; these cannot be."""
    after = change.after or {}
    source = after.get("path")
    for one in outputs_of(after):
        place = one.get("dest")
        if isinstance(source, str) and isinstance(place, str) and _holds(place, source):
            outcome.diagnostics.warn(
                "Output overwrites its own source",
                f"The output {place} is the source of the build, or holds it: what is written "
                "there is an input of the next plan, which may build once more. Where this is not "
                "meant, write to a folder of its own.",
                resource.range,
                str(resource.address),
            )


def _holds(place: str, source: str) -> bool:
    return PurePosixPath(source).is_relative_to(PurePosixPath(normpath(place)))


def _keeps(output: Value) -> bool:
    """Whether an output puts the image somewhere; what is not known yet may."""
    if not isinstance(output, Mapping) or output.get("type") != "image":
        return True
    return is_pushed(output)


def _with_builder(
    outcome: Diff, world: World, resource: Resource, change: Change, facts: BuildFacts
) -> Change:
    """The build has to run: can its builder do it, and can it be reached?"""
    builder = _builder_of(change)
    if (cause := facts.builder_problem) is not None:
        return _held(change, Reason(Code.BUILDER_UNREACHABLE, detail=cause.text), cause)
    planned = outcome.changes.get(builder) if builder else None
    if planned is not None and planned.action is Action.DEFER:
        return _held(change, waits_for(planned), planned.cause)
    live = outcome.known.get(builder) if builder else facts.builder
    for problem in check_capabilities(change.after or {}, live or {}):
        outcome.diagnostics.error(
            "Builder cannot do this", problem, resource.range, str(resource.address)
        )
    builder_type = world.desired.resources[builder].type if builder else facts.builder_type
    after, place = change.after or {}, (resource.range, str(resource.address))
    foreign = foreign_platforms(after, live or {})
    type = world.catalog.types[resource.address.kind, resource.type]
    if (lost := left_out(type, after, live or {})) is not None:
        outcome.diagnostics.warn("Builder drops some image options", lost, *place)
    if foreign is not None:
        outcome.diagnostics.warn("Builder cannot run a platform", foreign, *place)
    apart = unreachable_registries(after, builder_type, live or {}, facts.bases)
    if apart is not None:
        outcome.diagnostics.warn("Builder has its own localhost", apart, *place)
    return replace(change, warned=tuple(one for one in (foreign, apart) if one is not None))


def _held(change: Change, reason: Reason, cause: Cause | None) -> Change:
    return replace(change, action=Action.DEFER, reasons=(reason,), work=(), cause=cause)


def _builder_of(change: Change) -> Address | None:
    connection = (change.after or {}).get("connection") or {}
    name = connection.get("resource")
    return Address.parse(name) if isinstance(name, str) else None
