"""Writes schemas/: the configuration for editors, and the formats that other programs read.

`python scripts/assemble_schemas.py` writes them; `--check` only says whether they are current.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from envdplan.cli.schemas import SCHEMAS
from envdplan.cli.schemas.common import Schema

FOLDER = Path(__file__).parents[1] / "schemas"


def schemas() -> dict[str, Schema]:
    """Every file of schemas/ by its name."""
    return {f"{name}.schema.json": make() for name, make in SCHEMAS.items()}


def text(schema: Schema) -> str:
    """The text of a schema's file."""
    return json.dumps(schema, indent=2) + "\n"


def main() -> int:
    """Write or check all files."""
    stale = [
        name
        for name, schema in schemas().items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text() != text(schema)
    ]
    if "--check" not in sys.argv:
        for name in stale:
            (FOLDER / name).write_text(text(schemas()[name]))
        return 0
    for name in stale:
        print(f"schemas/{name} is not current: python scripts/assemble_schemas.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
