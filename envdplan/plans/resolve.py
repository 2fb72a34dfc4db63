"""References to values, as far as they are known. One function, used by plan and by apply."""

from envdplan.states.desired import Known, Resource
from envdplan.values import Attributes


def resolve(resource: Resource, known: Known) -> Attributes:
    """The attributes of `resource`, with UNKNOWN only where `known` does not tell."""
    return resource.attributes if resource.resolve is None else resource.resolve(known)
