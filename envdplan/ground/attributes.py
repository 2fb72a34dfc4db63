"""What an attribute is: the values that it takes, and every rule that holds for it.

An attribute is described where it is declared, and nowhere else: how it is compared, found again,
inherited, shown, claimed, and whether it is an input of a build. No other module lists names of
attributes; each asks the descriptions (`ResourceType.names`, `Catalog.names`). Values are described
by JSON Schema, because users' editors and the validator read that; rules that editors may know are
rendered into it as keywords (`Attribute.published`), the others stay internal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from enum import Enum, IntEnum
from typing import Final, TypeAlias

from envdplan.ground.values import Value

JsonSchema: TypeAlias = Mapping[str, Value]


class Compared(Enum):
    """What it means that the configuration and the live thing differ in an attribute."""

    IN_PLACE = ""
    """The thing is changed."""
    REPLACES = "x-forces-replacement"
    """The thing cannot be changed: it is made anew."""
    IF_GIVEN = "x-if-given"
    """As IN_PLACE, but only where the configuration gives a value."""
    NEVER = "x-unplanned"
    """It says how to reach a thing, or how to behave: nothing live is like it."""


class Computed(Enum):
    """Why no configuration gives a value."""

    FOLLOWS = "it follows from other attributes"
    FOUND = "it is known when the thing is made or looked at"


class Hidden(IntEnum):
    """Where an attribute is not shown; each level holds those before it."""

    NOWHERE = 0
    IN_PLANS = 1
    """In the text of plans, and in `--json`, which is read as plans are."""
    EVERYWHERE = 2


class Claims(Enum):
    """What of the world an attribute names, that one resource only may have."""

    CONTEXT = "context name"
    CONTAINER = "container"
    TAGS = "tag"
    CACHES = "cache target"
    OUTPUTS = "output path"


# -- what an attribute of a build means for its inputs


@dataclass(frozen=True, slots=True)
class FoundThere:
    """It says where the source is: what is found there is the input, but the place must be known.

    `text`: it may be the source itself, which no digest may tell where it is sensitive.
    """

    text: bool = False


@dataclass(frozen=True, slots=True)
class EachKey:
    """Every key of a map is an input of this kind."""

    kind: str


@dataclass(frozen=True, slots=True)
class EachContext:
    """As EachKey; but of what lies on this machine the content counts, wherever it is."""

    kind: str


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole value is one input, unless it is empty. `finds`: it also says where the source is,
    as FoundThere does.
    """

    finds: bool = False


@dataclass(frozen=True, slots=True)
class EachItem:
    """Every object of a list is an input of this kind, called after its part `key`.

    Its value are those parts that are inputs.
    """

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class EachWithOptions(EachItem):
    """As EachItem, but only objects that have an option beside `key`."""


@dataclass(frozen=True, slots=True)
class Option:
    """A part of an EachItem that counts; `of`: only objects of this type have it."""

    of: str = ""


@dataclass(frozen=True, slots=True)
class NotInput:
    """Another value makes the same image; `because` says why that is so."""

    because: str


Input: TypeAlias = FoundThere | EachKey | EachContext | Whole | EachItem | Option | NotInput
INPUT_ORDER: Final = (FoundThere, EachKey, EachContext, Whole, EachItem, EachWithOptions)
"""In this order plans and messages list inputs."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a type of resource, or one part of an attribute that is made of parts."""

    about: str
    """What it says, for users: a phrase."""
    schema: JsonSchema
    """Its values: JSON Schema, with the `default` where there is one."""
    _: KW_ONLY
    compared: Compared = Compared.IN_PLACE
    identity: bool = False
    """It tells one thing of the world from all others, whatever its block is called."""
    place: bool = False
    """What the thing is called or where it is: another value moves it, so that the former one is
    found only as it was recorded."""
    finds: bool = False
    """Kept while a change is under way, so that the thing is found again after a crash."""
    connection: bool = False
    """Needed to reach a builder: contexts and builds carry it with them."""
    computed: Computed | None = None
    state: bool = False
    """How the thing is now, not how it was made: no block states it, no mark keeps it."""
    hidden: Hidden = Hidden.NOWHERE
    own: bool = False
    """Never inherited: no two resources can have it in common."""
    grows: bool = False
    """A list that a child adds to, where others are replaced by its own."""
    claims: Claims | None = None
    exposed: str = ""
    """The part of an image where everybody who may pull it can read the value."""
    in_clear: str = ""
    """Why its value cannot be sensitive: where others see it as it is."""
    input: Input | None = None
    """Of a build: whether it is an input. None where `computed`."""
    parts: "Mapping[str, Attribute]" = field(default_factory=dict)
    """What the objects of its list consist of."""

    def published(self) -> JsonSchema:
        """Its JSON Schema, with the rules that editors and the validator may know as keywords."""
        found = {**self.schema, **dict(self._keywords()), "description": self.about}
        if "properties" in found:  # the longest part comes last
            found["properties"] = found.pop("properties")
        return found

    def but(self, about: str, **words: Value) -> "Attribute":
        """The same attribute with another text and some keywords of its schema changed."""
        return replace(self, about=about, schema={**self.schema, **words})

    def _keywords(self) -> Iterator[tuple[str, bool]]:
        if self.computed is not None:
            yield "readOnly", True
        if self.compared.value:
            yield self.compared.value, True
        if self.connection:
            yield "x-connection", True


def published(attributes: Mapping[str, Attribute]) -> dict[str, JsonSchema]:
    """The `properties` of a JSON Schema."""
    return {name: one.published() for name, one in attributes.items()}


def check_rules(what: str, attributes: Mapping[str, Attribute], *, build: bool) -> None:
    """Raises TypeError where rules do not go together, or one is missing.

    Each attribute of a build says whether it is an input: whoever forgets it would keep images that
    are stale, and no plan would tell.
    """
    for name, one in attributes.items():
        for wrong in (*_wrong(one), *(_wrong_input(one) if build else ())):
            raise TypeError(f"{what}.{name} {wrong}")
        check_rules(f"{what}.{name}", one.parts, build=build)


def _wrong(one: Attribute) -> Iterator[str]:
    if one.place and one.compared is not Compared.REPLACES:
        yield "moves the thing, so it has to replace it: declare it with compared=Compared.REPLACES"
    if one.computed and one.input:
        yield "is computed, and an input: declare it without one of the two"


def _wrong_input(one: Attribute) -> Iterator[str]:
    match one.input:
        case None if not one.computed:
            yield (
                "does not say whether it is an input of the build: declare it with input=Whole(), "
                "EachKey(...) and the like where another value may make another image, else with "
                "input=NotInput(BECAUSE)"
            )
        case NotInput(because=because) if not because.strip():
            yield "does not say why it is not an input of the build: give NotInput a reason"
        case EachItem(key=key) if key not in one.parts:
            yield f"has no part {key} to be called after"
        case _:
            pass
