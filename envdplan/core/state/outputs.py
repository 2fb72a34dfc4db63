"""Where an output of a build is to be."""

from envdplan.ground.values import Unknown, Value


def is_pushed(output: Value) -> bool:
    """Whether a registry is to have the image of an output; what is not known yet may."""
    return isinstance(output, Unknown) or output.get("push") not in (None, False)
