"""One description of each resource type: its attributes, and the JSON Schema made from them.

Validation, coercion, defaults and the published schemas read the schema; everything else asks the
attributes for their rules (`envdplan.ground.attributes`). Annotations (JSON Schema 2020-12):
`default`, `readOnly` (computed, known after apply), `writeOnly` (sensitive: never shown or
stored). Own keywords, of which those of an attribute's rules are rendered by `Attribute.published`:

x-forces-replacement   a change of this attribute cannot be made in place
x-unplanned            not compared with what is live (how to reach, how to behave)
x-if-given             compared only when the configuration gives a value
x-reference            the kind of resource that may stand here as a whole: "builder"
x-labels               blocks of this name take one label, which becomes the key of an object
x-connection           part of what is needed to reach a builder; builds carry it with them
x-selected-by          the attribute that makes a block this type of its kind
x-path                 a path (or a list of them): a relative one starts at the file that states it;
                       a regular expression, where only its first group is a path
"""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from envdplan.ground.addresses import Kind
from envdplan.ground.attributes import (
    Attribute,
    Compared,
    Hidden,
    JsonSchema,
    check_rules,
    published,
)
from envdplan.ground.values import AttributePath, Attributes, Reference, Sensitive, Unknown, Value

Rule: TypeAlias = Callable[[Attribute], object]
Problem: TypeAlias = tuple[AttributePath, str, str]
"""Where, the summary, and the detail."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource, or one type of it (builders): its schema and its pure derivations."""

    kind: Kind
    name: str
    """The builder type; for contexts and builds the kind itself."""
    attributes: Mapping[str, Attribute]
    """What a block may say, and what is found out."""
    derive: Callable[[Attributes], Attributes] = field(default=lambda attributes: attributes)
    """Fills in what follows from the attributes alone (a builder's address)."""
    problems: Callable[[Attributes], Iterator[Problem]] = field(default=lambda _: iter(()))
    """What no schema can say: attributes that do not go together."""
    consequence: Callable[[frozenset[str | int], Attributes], str] = field(default=lambda _, __: "")
    """What a change in place of these attributes does to the thing, for the plan to say."""
    borrowed: Callable[[Attributes], bool] = field(default=lambda _: False)
    """Whether others made it: it is used, and never removed."""

    internal: Mapping[str, Attribute] = field(default_factory=dict)
    """What envdplan itself keeps with a resource. No block names it, no schema has it."""
    title: str = ""
    """What the published schema calls it; the name, where that says it all."""
    required: tuple[str, ...] = ()
    selected_by: str = ""
    """The attribute that makes a block this type of its kind."""
    decide: Callable[..., object] | None = field(default=None, compare=False, repr=False)
    """Decides what has to happen to a resource of this type, where comparing attributes does not
    tell: gets what core/plan/diff.py knows, gives a Change. None: attributes are compared.
    """
    schema: JsonSchema = field(init=False)
    """Made from all that, for whoever reads values."""

    def __post_init__(self) -> None:
        every = {**self.attributes, **self.internal}
        check_rules(self.name, every, build=self.kind is Kind.BUILD)
        object.__setattr__(self, "schema", self._schema())

    def _schema(self) -> JsonSchema:
        selected = {"x-selected-by": self.selected_by} if self.selected_by else {}
        required = {"required": list(self.required)} if self.required else {}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.title or self.name,
            "type": "object",
            **selected,
            **required,
            "additionalProperties": False,
            "properties": published(self.attributes),
        }

    def names(self, rule: Rule) -> tuple[str, ...]:
        """The names of the attributes for which `rule` is true, as they are declared."""
        return tuple(name for name, one in self.attributes.items() if rule(one))

    def all_names(self, rule: Rule) -> tuple[str, ...]:
        """As `names`, with the internal ones after them."""
        internal = (name for name, one in self.internal.items() if rule(one))
        return (*self.names(rule), *internal)

    @property
    def computed(self) -> tuple[str, ...]:
        """The attributes that no block can set."""
        return self.names(lambda one: one.computed)

    def compared(self, name: str) -> Compared:
        """How an attribute is compared."""
        found = self.attributes.get(name)
        return Compared.IN_PLACE if found is None else found.compared


@dataclass(frozen=True, slots=True)
class Catalog:
    """All resource types there are."""

    types: Mapping[tuple[Kind, str], ResourceType]
    later: frozenset[str] = frozenset()
    """Builder types of the language that this version does not have yet."""
    growing: frozenset[str] = field(init=False)
    """Lists that a child adds to, in whichever type."""
    own: frozenset[str] = field(init=False)
    """What nobody inherits, in whichever type."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "growing", self._names(lambda one: one.grows))
        object.__setattr__(self, "own", self._names(lambda one: one.own))

    def _names(self, rule: Rule) -> frozenset[str]:
        return frozenset(name for one in self.types.values() for name in one.all_names(rule))

    def hidden(self, where: Hidden) -> frozenset[str]:
        """The attributes that are not shown there, of whichever type."""
        return self._names(lambda one: one.hidden >= where)

    def names(self, kind: Kind) -> list[str]:
        """The type names of one kind."""
        return [name for each, name in self.types if each is kind]

    def selected(self, kind: Kind, attributes: Container[str]) -> ResourceType:
        """The type that a block's attributes make it: the first one, unless they name another."""
        types = [one for (each, _), one in self.types.items() if each is kind]
        chosen = (one for one in types if one.selected_by in attributes)
        return next(chosen, types[0])

    def get(self, kind: Kind, name: str) -> ResourceType | None:
        """One type, or None."""
        return self.types.get((kind, name))


def with_defaults(value: Value, schema: JsonSchema) -> Value:
    """`value` with the schema's defaults filled in, objects within objects too.

    An attribute that is null counts as left out, as in Terraform.
    """
    if isinstance(value, Mapping):
        return _object_with_defaults(value, schema)
    items = schema.get("items")
    if items and isinstance(value, tuple | list):
        return type(value)(with_defaults(item, items) for item in value)
    return value


def _object_with_defaults(value: Attributes, schema: JsonSchema) -> Attributes:
    properties = schema.get("properties")
    other = schema.get("additionalProperties")
    if properties is None:
        return {k: with_defaults(v, other) for k, v in value.items()} if other else value
    filled = dict(value)
    for name, property_schema in properties.items():
        present = filled.get(name)
        if present is None and "default" in property_schema:
            filled[name] = property_schema["default"]
        elif isinstance(present, Mapping | tuple | list):
            filled[name] = with_defaults(present, property_schema)
    return filled


def conforms(value: Value, schema: JsonSchema) -> bool:
    """Whether `value` surely meets `schema`: a quick check of the keywords that ours use.

    False means "perhaps not": the caller then asks jsonschema, the validator of record, which
    also words the complaint. A project without mistakes never has to import it (0.15 s).
    """
    if isinstance(value, Sensitive):
        value = value.value
    if isinstance(value, Unknown) or (isinstance(value, Reference) and "x-reference" in schema):
        return True
    return all(check(value, schema) for word, check in _CHECKS.items() if word in schema) and (
        _KNOWN_WORDS.issuperset(schema)
    )


_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "array": (tuple, list),
    "object": (dict,),
    "null": (type(None),),
}


def _is_type(value: Value, name: str) -> bool:
    if name == "integer":
        return type(value) is int
    if name == "number":
        return not isinstance(value, bool | str | tuple | dict | type(None))
    return isinstance(value, _TYPES[name])


def _type(value: Value, schema: JsonSchema) -> bool:
    wanted = schema["type"]
    names = (wanted,) if isinstance(wanted, str) else wanted
    return any(_is_type(value, name) for name in names)


def _properties(value: Value, schema: JsonSchema) -> bool:
    if not isinstance(value, dict):
        return True
    known = schema["properties"]
    return all(conforms(item, known[name]) for name, item in value.items() if name in known)


def _additional(value: Value, schema: JsonSchema) -> bool:
    if not isinstance(value, dict):
        return True
    known = schema.get("properties", {})
    rest = [item for name, item in value.items() if name not in known]
    allowed = schema["additionalProperties"]
    if isinstance(allowed, bool):
        return allowed or not rest
    return all(conforms(item, allowed) for item in rest)


def _pattern(value: Value, schema: JsonSchema) -> bool:
    import re

    return not isinstance(value, str) or re.search(schema["pattern"], value) is not None


def _items(value: Value, schema: JsonSchema) -> bool:
    return not isinstance(value, tuple | list) or all(conforms(v, schema["items"]) for v in value)


_CHECKS: Mapping[str, Callable[[Value, JsonSchema], bool]] = {
    "type": _type,
    "enum": lambda value, schema: value in schema["enum"],
    "const": lambda value, schema: value == schema["const"],
    "properties": _properties,
    "additionalProperties": _additional,
    "required": lambda value, schema: (
        not isinstance(value, dict) or all(name in value for name in schema["required"])
    ),
    "items": _items,
    "pattern": _pattern,
    "anyOf": lambda value, schema: any(conforms(value, one) for one in schema["anyOf"]),
    "minimum": lambda value, schema: not isinstance(value, int) or value >= schema["minimum"],
    "minLength": lambda value, schema: (
        not isinstance(value, str) or len(value) >= schema["minLength"]
    ),
}

_KNOWN_WORDS = frozenset(_CHECKS) | {
    "$schema",
    "title",
    "description",
    "default",
    "readOnly",
    "writeOnly",
    "deprecated",
    "examples",
    "x-forces-replacement",
    "x-unplanned",
    "x-if-given",
    "x-reference",
    "x-labels",
    "x-connection",
    "x-path",
    "x-selected-by",
}
