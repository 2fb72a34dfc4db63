"""One description of an attribute: what it has to say, and what is made of it."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.ground.addresses import Kind
from envdplan.ground.attributes import (
    Attribute,
    Compared,
    Computed,
    EachItem,
    Hidden,
    NotInput,
    Option,
    Whole,
)
from envdplan.ground.schema import ResourceType

MODULE = """
from envdplan.ground.addresses import Kind
from envdplan.ground.attributes import Attribute
from envdplan.resources.builds.frontends.buildschema import ATTRIBUTES
from envdplan.ground.schema import ResourceType

TYPE = ResourceType(
    Kind.BUILD, "dockerfile", {**ATTRIBUTES, "isolation": Attribute("How", {"type": "string"})}
)
"""
TEXT = {"type": "string"}


def imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_build_whose_attribute_says_nothing_of_inputs_is_not_imported(tmp_path: Path) -> None:
    path = tmp_path / "newfrontend.py"
    path.write_text(MODULE)
    with pytest.raises(TypeError, match=r"^dockerfile\.isolation does not say whether it is an"):
        imported(path)
    path.write_text(MODULE.replace('"string"}', '"string"}, input=NotInput("no difference")'))
    path.write_text(path.read_text().replace("import Attribute\n", "import Attribute, NotInput\n"))
    assert "isolation" in imported(path).TYPE.attributes


def build(**attributes: Attribute) -> ResourceType:
    return ResourceType(Kind.BUILD, "b", attributes)


def test_parts_of_attributes_say_it_too() -> None:
    each, key = EachItem("thing", "id"), Attribute("", TEXT, input=Option())
    things = Attribute("", {"type": "array"}, input=each, parts={"id": key})
    assert build(things=things).names(lambda one: one.input) == ("things",)
    silent = Attribute("", {}, input=each, parts={"id": key, "how": Attribute("", TEXT)})
    with pytest.raises(TypeError, match=r"b\.things\.how does not say"):
        build(things=silent)
    with pytest.raises(TypeError, match=r"b\.things has no part id"):
        build(things=Attribute("", {}, input=each))


def test_a_reason_is_needed_where_something_is_no_input() -> None:
    with pytest.raises(TypeError, match=r"b\.how does not say why"):
        build(how=Attribute("", TEXT, input=NotInput(" ")))


def test_what_is_computed_is_no_input() -> None:
    found = Attribute("", TEXT, computed=Computed.FOUND)
    assert build(digest=found).computed == ("digest",)
    with pytest.raises(TypeError, match=r"b\.digest is computed, and an input"):
        build(digest=Attribute("", TEXT, computed=Computed.FOUND, input=Whole()))


def test_internal_attributes_say_it_and_are_in_no_schema() -> None:
    with pytest.raises(TypeError, match=r"b\.link does not say"):
        ResourceType(Kind.BUILD, "b", {}, internal={"link": Attribute("", {})})
    internal = {"link": Attribute("", {}, hidden=Hidden.EVERYWHERE)}
    type = ResourceType(Kind.CONTEXT, "c", {"name": Attribute("", TEXT)}, internal=internal)
    assert [*type.schema["properties"]] == ["name"]
    assert type.all_names(lambda one: one.hidden) == ("link",)


def test_a_thing_moves_only_when_it_is_made_anew() -> None:
    with pytest.raises(TypeError, match=r"x\.name moves the thing, so it has to replace it"):
        ResourceType(Kind.BUILDER, "x", {"name": Attribute("", TEXT, place=True)})


def test_the_schema_is_made_from_the_rules() -> None:
    name = Attribute(
        "Its name", {"type": "string"}, compared=Compared.REPLACES, connection=True, own=True
    )
    found = Attribute("Found", {"type": "string"}, computed=Computed.FOUND)
    type = ResourceType(Kind.BUILDER, "x", {"name": name, "id": found}, required=("name",))
    assert type.schema["required"] == ["name"]
    assert type.schema["properties"] == {
        "name": {
            "type": "string",
            "x-forces-replacement": True,
            "x-connection": True,
            "description": "Its name",
        },
        "id": {"type": "string", "readOnly": True, "description": "Found"},
    }


def test_every_rule_is_used_by_some_attribute() -> None:
    """A rule that no attribute has is read for nothing."""
    all_of_them = [one for type in CATALOG.types.values() for one in type.attributes.values()]
    for rule in ("identity", "place", "finds", "connection", "computed", "state", "own", "grows"):
        assert any(getattr(one, rule) for one in all_of_them), rule
    assert {one.compared for one in all_of_them} == {*Compared}
