"""What an expression can see: names, functions, the directory and environment of its file."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol, TypeAlias, runtime_checkable

from envdplan.ground.values import UNKNOWN, Reference, Value
from envdplan.language.evaluation.problems import FunctionError, NameUnknown

Repository: TypeAlias = Callable[[str], Mapping[str, Value]]
"""What git says about a folder: commit, short, branch, tag, dirty, remote."""


class Scope(Protocol):
    """The root names that an expression can use."""

    def lookup(self, name: str) -> Value:
        """The value or Namespace called `name`. Raises NameUnknown."""


@runtime_checkable
class Namespace(Protocol):
    """A root such as `var` or `local`, whose members are evaluated when they are asked for."""

    def attribute(self, name: str) -> Value:
        """The value, or a further Namespace, of one member. Raises NameUnknown."""

    def names(self) -> Iterable[str]:
        """The names of all members, for suggestions and for using the whole as an object."""


@dataclass(frozen=True, slots=True)
class Names:
    """A scope of fixed values."""

    values: Mapping[str, Value] = field(default_factory=dict)

    def lookup(self, name: str) -> Value:
        """The value called `name`. Raises NameUnknown."""
        try:
            return self.values[name]
        except KeyError:
            raise NameUnknown(name, self.values) from None


class Passing(Enum):
    """How a function gets its arguments; marks and unknown parts are handled accordingly."""

    WHOLE = auto()
    """Known and without marks. An unknown part makes the result unknown, a mark sensitive."""
    PARTS = auto()
    """As WHOLE for the parameters of exact type; `any` parameters come as they are, and
    collections with whatever is in them: for functions that only move elements about."""
    RAW = auto()
    """As they are, marks and all."""
    LAZY = auto()
    """Not evaluated: the implementation gets a Frame and the Expressions."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language. The text of `signature` says how arguments are converted:

    `name(one: string, some: list(string), maybe?: any, rest...: number) -> string`; a type with
    `?` behind it takes null too. `result` is an expression that `example` is equal to.
    """

    signature: str
    description: str
    example: str
    result: str
    implementation: Callable[..., Value] = field(repr=False)
    passing: Passing = Passing.WHOLE
    in_context: bool = False
    """Whether the implementation gets the Context before the arguments."""
    pure: bool = True
    """Whether equal arguments give equal results, here and everywhere."""

    @property
    def name(self) -> str:
        """What calls it."""
        return self.signature.partition("(")[0]


def _no_resource(reference: Reference) -> Mapping[str, Value]:
    raise NameUnknown(str(reference))


def nobody_asked(ref: str) -> Value:
    """Where nothing is looked at: what an image is, is not known."""
    del ref
    return UNKNOWN


def _no_repository(directory: str) -> Mapping[str, Value]:
    raise FunctionError(f"git information about {directory} is not available here")


def _ignore(name: str) -> None:
    del name


@dataclass(frozen=True, slots=True)
class Context:
    """All that an expression can see. `directory` is absolute: where relative paths start."""

    scope: Scope
    functions: Mapping[str, Function]
    directory: str = "."
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    resource: Callable[[Reference], Mapping[str, Value]] = _no_resource
    """The attributes of a resource, for `builder.gpu.address`. May raise NameUnknown."""
    on_env: Callable[[str], None] = _ignore
    """Is told the name of every environment variable that is read."""
    on_file: Callable[[str], None] = _ignore
    """Is told the absolute path of every file or folder that is read."""
    image: Callable[[str], Value] = nobody_asked
    """What an image in a registry is, by its reference; see config.data."""
    repository: Repository = _no_repository
    """What git says about a folder, for git(). Raises FunctionError."""
    started: float = field(default_factory=time.time)
    """Seconds since 1970 when the plan was made: the one moment of timestamp()."""
    seed: str = field(default="", repr=False)
    """What random values of this run are made from: a plan and its apply have the same."""
    place: str = ""
    """The resource whose block is being evaluated."""
