"""References to values, as far as they are known. One function, used by plan and by apply."""

from envdplan.core.state.desired import Known, Resource
from envdplan.core.state.ignoring import let_be
from envdplan.core.state.recorded import Record
from envdplan.ground.addresses import Kind
from envdplan.ground.values import Attributes


def resolve(resource: Resource, known: Known, record: Record | None = None) -> Attributes:
    """The attributes of `resource`, with UNKNOWN only where `known` does not tell.

    What a build is to ignore stays as it was recorded: nothing else knows what it was made from.
    """
    found = resource.attributes if resource.resolve is None else resource.resolve(known)
    if record is None or record.begun or resource.address.kind is not Kind.BUILD:
        return found
    return let_be(found, resource.lifecycle.ignored, record.attributes)
