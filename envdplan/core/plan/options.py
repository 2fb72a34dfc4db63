"""What the user asks of a plan beside the configuration."""

from dataclasses import dataclass

from envdplan.ground.addresses import Address


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """Kept in the plan file, so that a saved plan says what it was made for."""

    targets: tuple[Address, ...] = ()
    """Only these and what they need; all, where `names` is empty too."""
    replace: tuple[Address, ...] = ()
    """Replaced (builders, contexts) or run again (builds) though nothing changed."""
    destroy: bool = False
    refresh_only: bool = False
    names: tuple[str, ...] = ()
    """Groups and modules that stand for targets: `group.release`, `module.services`. A saved plan
    has only what they stand for."""
