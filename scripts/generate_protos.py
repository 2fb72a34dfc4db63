"""Generates the messages in envdplan/clients/buildkit/proto from the .proto files beside them.

Run it with the project's environment after changing a .proto file; a test says when to.
"""

import re
from importlib import resources
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROTOS = ROOT / "envdplan" / "clients" / "buildkit" / "proto"

# The generator asserts that protobuf at run time is at least as new as itself. What it emits
# besides is a serialised proto3 descriptor and calls that exist since protobuf 3.20, and the
# tests import it; so the assertion goes, or users would need the newest protobuf.
_CHECK = re.compile(
    r"^from google\.protobuf import runtime_version as _runtime_version\n"
    r"|^_runtime_version\.ValidateProtobufRuntimeVersion\(\n(?:    .*\n)*\)\n"
    r"|^# NO CHECKED-IN PROTOBUF GENCODE\n",
    re.MULTILINE,
)


def protoc(*arguments: str) -> None:
    """Run protoc over all .proto files; raises SystemExit with its status when it fails."""
    from grpc_tools import protoc as tool

    well_known = str(resources.files("grpc_tools") / "_proto")
    sources = sorted(str(one.relative_to(ROOT)) for one in PROTOS.glob("*.proto"))
    status = tool.main(["protoc", f"-I{ROOT}", f"-I{well_known}", *arguments, *sources])
    if status:
        raise SystemExit(status)


def main() -> None:
    """Write the modules and their stubs into the package."""
    protoc(f"--python_out={ROOT}", f"--pyi_out={ROOT}")
    for module in sorted(PROTOS.glob("*_pb2.py")):
        module.write_text(_CHECK.sub("", module.read_text(encoding="utf-8")), encoding="utf-8")
        print(module.relative_to(ROOT))


if __name__ == "__main__":
    main()
