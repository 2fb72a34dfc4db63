"""What waits for the image of a build that is not pushed: no apply will ever tell it."""

from collections.abc import Callable, Iterable
from typing import Final

from envdplan.core.plan.names import are_known, pushed_names
from envdplan.core.plan.resolve import resolve
from envdplan.core.plan.world import Diff, World
from envdplan.core.state.desired import Known, Resource
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.values import Attributes, is_known

_ANY: Final = f"registry.invalid/x@sha256:{'0' * 64}"
"""An image as good as any other."""

REMEDY: Final = "A build has an image only when it is pushed: give it tags and push = true"


def without_image(known: Known, addresses: Iterable[Address]) -> tuple[Address, ...]:
    """The builds among `addresses` that surely put no image into a registry."""
    return tuple(
        one for one in addresses if one.kind is Kind.BUILD and _is_kept(known.get(one, {}))
    )


def _is_kept(attributes: Attributes) -> bool:
    settled = is_known(attributes.get("output")) and are_known(attributes)
    return bool(attributes) and settled and not pushed_names(attributes)


def waits_in_vain(
    unknown: Callable[[Known], Iterable[str]], known: Known, builds: Iterable[Address]
) -> tuple[str, Address] | None:
    """What of `unknown` would be known if one of `builds` had an image, and that build."""
    before = frozenset(unknown(known)) if builds else frozenset()
    for build in builds if before else ():
        told = {**known, build: {**known[build], "image": _ANY}}
        try:
            found = sorted(before - {*unknown(told)})
        except EnvdplanError:  # not of an image like ours; apply will see
            continue
        if found:
            return found[0], build
    return None


def refuse_untold(
    outcome: Diff,
    world: World,
    resource: Resource,
    unknown: Callable[[Attributes], Iterable[str]],
) -> None:
    """An apply would come as far as this resource, and fail. `unknown` names what it lacks."""
    record = world.state.records.get(resource.address)
    builds = without_image(outcome.known, resource.depends_on)

    def lacking(known: Known) -> Iterable[str]:
        return unknown(resolve(resource, known, record))

    if (found := waits_in_vain(lacking, outcome.known, builds)) is not None:
        name, build = found
        detail = f"{name} is made from the image of {build}, which is not pushed. {REMEDY}."
        place = (resource.range, str(resource.address))
        outcome.diagnostics.error("Image of a build that is not pushed", detail, *place)


def unknown_names(attributes: Attributes) -> list[str]:
    """The attributes in which something is known after apply only."""
    return [name for name, value in attributes.items() if not is_known(value)]
