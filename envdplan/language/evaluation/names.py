"""What has a value in a configuration but is no resource: locals, inputs and outputs of modules."""

from dataclasses import dataclass
from enum import StrEnum

from envdplan.ground.addresses import ModulePath, in_module


class Sort(StrEnum):
    """The sorts of name, as expressions write them."""

    LOCAL = "local"
    INPUT = "var"
    """A variable of a module; those of the project have their values from the start."""
    OUTPUT = "output"
    """An output of a module; those of the project are nobody's need."""
    DATA = "data"
    FUNCTION = "function"
    """Has no value, but what its result mentions is needed by all who call it."""


@dataclass(frozen=True, slots=True)
class Name:
    """One of them, in its module."""

    sort: Sort
    name: str
    module: ModulePath = ()

    def __str__(self) -> str:
        return f"{in_module(self.module)}{self.sort.value}.{self.name}"
