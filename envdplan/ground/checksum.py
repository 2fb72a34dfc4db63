"""The frame of our own JSON files: what they are, their version, and a checksum over the rest."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from envdplan.ground import jsontext
from envdplan.ground.diagnostics import CorruptFile
from envdplan.ground.values import Value

_DEEPEST: Final = 200


def seal(kind: str, version: int, content: Mapping[str, Value]) -> bytes:
    """`content` as JSON, one line for each element of its lists, with a checksum at the top."""
    body = _lines(content)
    head = {
        "kind": kind,
        "format_version": version,
        "checksum": f"sha256:{sha256(body.encode()).hexdigest()}",
    }
    text = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items())
    return f'{{\n{text},\n  "content": {body}\n}}\n'.encode()


def unseal(data: bytes, kind: str, version: int, name: str, mend: str) -> Mapping[str, Value]:
    """The content of a sealed file. Raises CorruptFile; `mend` says what the user can do."""
    if not data:
        raise _corrupt(kind, name, "it is empty", mend)
    try:
        document = jsontext.loads(data)
    except ValueError as error:
        raise _corrupt(kind, name, f"it is not JSON ({error})", mend) from None
    if not isinstance(document, dict) or document.get("kind") != kind:
        raise _corrupt(kind, name, f"it is not a {kind} of envdplan", mend)
    found = document.get("format_version")
    if not isinstance(found, int) or found < 1:
        raise _corrupt(kind, name, "it has no format version", mend)
    if found > version:
        raise CorruptFile(
            f"{kind.capitalize()} was written by a newer envdplan",
            f"{name} has format {found}; this version reads up to {version}. Upgrade envdplan.",
        )
    content = document.get("content")
    if not isinstance(content, dict):
        raise _corrupt(kind, name, "it has no content", mend)
    try:
        wanted = f"sha256:{sha256(_lines(content).encode()).hexdigest()}"
    except RecursionError:
        raise _corrupt(kind, name, "it is nested too deeply", mend) from None
    if document.get("checksum") != wanted:
        reason = f"its checksum is wrong (it would be {wanted})"
        raise _corrupt(kind, name, reason, mend)
    return content


def corrupt_content(kind: str, name: str, reason: str, mend: str) -> CorruptFile:
    """The error for content that makes no sense, though its checksum is right."""
    return _corrupt(kind, name, reason, mend)


def _corrupt(kind: str, name: str, reason: str, mend: str) -> CorruptFile:
    return CorruptFile(f"{kind.capitalize()} cannot be read", f"{name}: {reason}. {mend}")


def _lines(content: Mapping[str, Value]) -> str:
    """Lists one element a line: good to read in a diff, and fast to write."""
    parts = [f"    {json.dumps(name)}: {_value(value)}" for name, value in content.items()]
    return "{\n" + ",\n".join(parts) + "\n  }"


def _value(value: Value) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"      {json.dumps(one)}" for one in value) + "\n    ]"
    return json.dumps(value)
