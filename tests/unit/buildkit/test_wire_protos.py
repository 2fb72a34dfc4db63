"""The generated messages are those of the .proto files, and their stubs know every field."""

import importlib
import re
import runpy
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "generate_protos.py"))
PROTOS = sorted(one.stem for one in (ROOT / "envdplan/clients/buildkit/proto").glob("*.proto"))


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FileDescriptorProto]:
    target = tmp_path_factory.mktemp("protos") / "set"
    SCRIPT["protoc"](f"--descriptor_set_out={target}")
    files = FileDescriptorSet.FromString(target.read_bytes()).file
    return {Path(one.name).stem: one for one in files}


@pytest.mark.parametrize("name", PROTOS)
def test_a_module_is_current(described: dict[str, FileDescriptorProto], name: str) -> None:
    module = importlib.import_module(f"envdplan.clients.buildkit.proto.{name}_pb2")
    generated = FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)
    expected = described[name]
    for one in (generated, expected):
        for message in one.message_type:
            strip_json_names(message)
    assert generated == expected, "run scripts/generate_protos.py"


def strip_json_names(message: DescriptorProto) -> None:
    """protoc writes them into descriptor sets, but not into modules."""
    for field in message.field:
        field.ClearField("json_name")
    for nested in message.nested_type:
        strip_json_names(nested)


@pytest.mark.parametrize("name", PROTOS)
def test_a_stub_is_current(described: dict[str, FileDescriptorProto], name: str) -> None:
    stub = (ROOT / f"envdplan/clients/buildkit/proto/{name}_pb2.pyi").read_text()
    for message in described[name].message_type:
        body = re.search(
            rf"^class {message.name}\(.*?(?=^class |\Z)", stub, re.MULTILINE | re.DOTALL
        )
        assert body, message.name
        fields = {field.name for field in message.field} - {"def"}  # a keyword, left out
        assert fields <= set(re.findall(r"^    (\w+): ", body[0], re.MULTILINE)), message.name


def test_no_module_asks_for_the_newest_protobuf() -> None:
    for name in PROTOS:
        text = (ROOT / f"envdplan/clients/buildkit/proto/{name}_pb2.py").read_text()
        assert "runtime_version" not in text
