"""Codes of reasons: the list in the code, their words, the schemas and the page agree."""

import json
import re
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

from envdplan.core.plan.reasons import Code, reason_json

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from scripts.write_reasons import PATH, example, table, text  # noqa: E402  as in test_errors

CODES = [one.value for one in Code]
ROWS = [one for group in table().values() for one in group["rows"].items()]
SCHEMAS = [
    json.loads((ROOT / f"schemas/{one}.schema.json").read_text()) for one in ("output", "plan")
]


def test_every_code_is_explained_and_no_other() -> None:
    assert [code for code, _ in ROWS] == CODES


def test_the_schemas_list_the_codes() -> None:
    for schema in SCHEMAS:
        assert schema["$defs"]["reason"]["properties"]["code"] == {"enum": CODES}


def test_an_explanation_is_whole_and_its_example_is_as_published() -> None:
    for code, row in ROWS:
        assert re.fullmatch(r"[A-Z`].*[.]", row["meaning"]), code
        for schema in SCHEMAS:
            reason = {"$ref": "#/$defs/reason", "$defs": schema["$defs"]}
            Draft202012Validator(reason).validate(reason_json(example(code, row["example"])))


def test_the_page_of_reasons_is_current() -> None:
    assert PATH.read_text() == text()
