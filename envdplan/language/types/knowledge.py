"""What is known of a resource's attributes now, and what only apply can tell."""

from envdplan.ground.schema import ResourceType
from envdplan.ground.values import UNKNOWN, Attributes, Sensitive, Unknown, Value


def computed(type: ResourceType, declared: Attributes) -> Attributes:
    """UNKNOWN for what only apply can tell; not for what follows from the declaration."""
    return {name: UNKNOWN for name in type.computed if declared.get(name) is None}


class Anything(dict[str, Value]):
    """Attributes of a resource that could not be evaluated: whatever is asked is unknown."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Value:
        return UNKNOWN

    def get(self, name: str, default: Value = None) -> Value:
        """UNKNOWN."""
        del name, default
        return UNKNOWN


def better(declared: Value, known: Value) -> Value:
    """What is declared, unless only apply could tell and has told."""
    if not isinstance(declared, Unknown) or known is None:
        return declared
    if isinstance(known, Sensitive) and known.value is None:
        return UNKNOWN  # what the state leaves out
    return known
