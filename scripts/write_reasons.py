"""Writes docs/reasons.md: every code of docs/reasons.toml, with what it means and its words."""

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from envdplan.core.plan.reasons import Reason, reason_json, reasons_from_json
from envdplan.core.plan.wording import words

DOCS = Path(__file__).parents[1] / "docs"
TABLE = DOCS / "reasons.toml"
PATH = DOCS / "reasons.md"
FIELDS = ("kind", "name", "change", "before", "after", "detail", "because")

HEAD = """\
# Why something changes

Written by `python scripts/write_reasons.py` from [reasons.toml](reasons.toml), which a test holds
against the code.

Each change of a plan says why, in words (`because ...`) and in a form for programs: a line
`planned_change` of `--json`, and each change of a saved plan, have `reasons`, the words, and `why`,
a list of objects with these members. Match on `code`, never on the words.

| member | what it has |
|---|---|
| `code` | what kind of reason it is; a code keeps its name and its meaning |
| `kind`, `name` | what it is about, if not the resource itself: an input, an image, ... |
| `change` | what became of it: `added`, `removed` or `changed` |
| `before`, `after` | as it is, and as it will be |
| `detail` | what others say of it in their words |
| `because` | the reason behind it, an object of the same form |

What is not said is null. Sensitive values are never in it, only their mark. Inputs of builds have
no `before` and `after`, not even digests: a short value can be guessed from its digest. New codes
come with new versions; the [schemas](../schemas/output.schema.json) list those of this one."""


def table() -> Mapping[str, Mapping[str, Any]]:
    """The groups of the table; `rows` has meaning and example of each code."""
    return tomllib.loads(TABLE.read_text())


def example(code: str, parts: Mapping[str, Any]) -> Reason:
    """The reason that an example shows."""
    (found,) = reasons_from_json([_whole(code, parts)], [""])
    return found


def _whole(code: str, parts: Mapping[str, Any]) -> dict[str, Any]:
    because = parts.get("because")
    inner = None if because is None else _whole(because["code"], because)
    return {"code": code, **{name: parts.get(name) for name in FIELDS}, "because": inner}


def text() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    for group in table().values():
        yield f"\n## {group['title']}\n"
        yield "| code | what it means | in words | members |"
        yield "|---|---|---|---|"
        for code, row in group["rows"].items():
            one = example(code, row["example"])
            yield f"| `{code}` | {row['meaning']} | `{words(one)}` | {_members(one)} |"


def _members(one: Reason) -> str:
    """What is said beside the code, as JSON."""
    said = _said(reason_json(one))
    del said["code"]
    return f"`{json.dumps(said, ensure_ascii=False)}`" if said else ""


def _said(whole: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in whole.items() if value is not None}
    return {**said, "because": _said(said["because"])} if "because" in said else said


if __name__ == "__main__":
    sys.stdout.write(f"{PATH}\n")
    PATH.write_text(text())
