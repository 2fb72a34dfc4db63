"""The quick check of schemas: never milder than jsonschema, and it knows every word of ours."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from envdplan.app.catalog import CATALOG
from envdplan.ground.attributes import JsonSchema
from envdplan.ground.schema import _KNOWN_WORDS, ResourceType, conforms, with_defaults

TYPES = list(CATALOG.types.values())


def parts(schema: JsonSchema) -> Iterator[JsonSchema]:
    yield schema
    inner: list[Any] = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    inner += [schema[name] for name in ("items", "additionalProperties") if name in schema]
    for one in inner:
        if isinstance(one, dict):
            yield from parts(one)


@pytest.mark.parametrize("type", TYPES, ids=lambda type: type.name)
def test_it_knows_every_word(type: ResourceType) -> None:
    assert all(_KNOWN_WORDS.issuperset(part) for part in parts(type.schema))


@pytest.mark.parametrize("type", TYPES, ids=lambda type: type.name)
def test_every_attribute_is_described(type: ResourceType) -> None:
    for name, schema in type.schema["properties"].items():
        assert schema.get("description"), name


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from(["", "a", "local", "linux/amd64"]),
    lambda inner: (
        st.lists(inner, max_size=2).map(tuple)
        | st.dictionaries(st.sampled_from(["type", "id", "env", "ref"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.sampled_from(TYPES), st.data())
def test_what_it_lets_through_is_valid(type: ResourceType, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(type.schema["properties"])))
    schema = type.schema["properties"][name]
    value = data.draw(values)
    if conforms(value, schema):
        checker = Draft202012Validator.TYPE_CHECKER.redefine(
            "array", lambda _, one: isinstance(one, tuple | list)
        )
        from jsonschema import validators

        extend: Any = validators.extend
        assert extend(Draft202012Validator, type_checker=checker)(schema).is_valid(value)


def test_defaults_come_in_at_every_depth() -> None:
    schema = {"properties": {"a": {"properties": {"b": {"default": 1}}}, "c": {"default": 2}}}
    assert with_defaults({"a": {}}, schema) == {"a": {"b": 1}, "c": 2}
    assert with_defaults({"c": None}, schema) == {"c": 2}
