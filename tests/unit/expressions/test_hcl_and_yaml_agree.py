"""The same expression, template or plain value, written in HCL and in YAML, is the same value."""

import json
import re
from decimal import Decimal
from typing import TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdplan.ground.source import SourceFile
from envdplan.ground.values import UNKNOWN, Sensitive, Value
from envdplan.language.evaluation.context import Context, Names
from envdplan.language.evaluation.expressions import EvaluationError, evaluate
from envdplan.language.functions import FUNCTIONS
from envdplan.language.syntax import decode
from tests.unit.expressions.generated import texts

MANY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
NAMES: dict[str, Value] = {
    "n": 2,
    "s": Sensitive("a"),
    "b": True,
    "l": (1, UNKNOWN, 3),
    "o": {"b": False, "l": ("x",), "n": Decimal("1.5"), "s": "é"},
}
Twins: TypeAlias = tuple[str, str]
"""A text for HCL, and one for YAML before it is quoted."""


def outcome(name: str, text: str) -> Value:
    document, problems = decode(SourceFile(name, text))
    assert not problems.has_errors, (text, [one.detail for one in problems])
    expression = document.body.blocks[0].body.attributes["v"].expression
    context = Context(Names(NAMES), FUNCTIONS, "/nowhere", started=0.0, seed="s")
    try:
        return evaluate(expression, context)
    except EvaluationError as error:
        return f"failed: {error.diagnostic.summary}: {error.diagnostic.detail}"


def check(hcl: str, yaml: str) -> None:
    ours = outcome("f.hcl", f"locals {{\n  v = {hcl}\n}}\n")
    assert outcome("f.yaml", f"locals:\n  v: {yaml}\n") == ours


def scalars(text: str) -> st.SearchStrategy[str]:
    """`text` in each of YAML's styles that can hold it."""
    styles = [json.dumps(text, ensure_ascii=False)]
    if max(text, default="") <= "\uffff":  # YAML has no pairs of surrogates
        styles.append(json.dumps(text))
    if re.fullmatch(r"[ -~é\n]*", text) and "\n" not in text:
        styles.append("'" + text.replace("'", "''") + "'")
    if re.fullmatch(r"[!-~é][ -~é]*(\n[!-~é][ -~é]*)*", text):
        indented = text.replace("\n", "\n    ")
        styles.append(f"|-\n    {indented}")
    if re.fullmatch(r"[a-z]{2}[a-z0-9_/-]*", text) and text not in ("null", "true", "false"):
        styles.append(text)
    return st.sampled_from(styles)


@MANY
@given(texts("any", 2), st.data())
def test_an_expression(text: str, data: st.DataObject) -> None:
    check(text, data.draw(scalars(f"${{{text}}}")))


LITERALS = st.text(
    st.one_of(st.sampled_from("$%{}\\\"'~#: \n-"), st.characters(codec="utf-8", categories=["L"])),
    max_size=6,
).map(lambda text: text.strip("$%"))  # "$" before "${" would escape it


def quoted(text: str) -> str:
    """`text` inside of HCL's quotes."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return escaped(text)


def escaped(text: str) -> str:
    """`text` without templates in it."""
    return text.replace("${", "$${").replace("%{", "%%{")


@st.composite
def templates(draw: st.DrawFn, depth: int = 2) -> Twins:
    """Text, values, conditions and loops in a row."""
    hcl = yaml = ""
    for _ in range(draw(st.integers(1, 3))):
        one, other = draw(st.one_of(_text(), _values(), _nested(depth)))
        hcl, yaml = hcl + one, yaml + other
    return hcl, yaml


def _text() -> st.SearchStrategy[Twins]:
    return LITERALS.map(lambda text: (quoted(text), escaped(text)))


def _values() -> st.SearchStrategy[Twins]:
    marks = st.sampled_from(["${%s}", "${~ %s }", "${ %s ~}"])
    return st.builds(lambda mark, text: (mark % text, mark % text), marks, texts("any", 1))


@st.composite
def _nested(draw: st.DrawFn, depth: int) -> Twins:
    if not depth:
        return "x", "x"
    head, end = draw(
        st.one_of(
            texts("bool", 1).map(lambda text: (f"%{{ if {text} }}", "%{ endif ~}")),
            texts("bool", 1).map(lambda text: (f"%{{~ if {text} }}a%{{ else }}", "%{ endif }")),
            texts("list", 1).map(lambda text: (f"%{{ for i in {text} ~}}", "%{ endfor }")),
        )
    )
    hcl, yaml = draw(templates(depth - 1))
    return f"{head}{hcl}{end}", f"{head}{yaml}{end}"


@MANY
@given(templates(), st.data())
def test_a_template(twins: Twins, data: st.DataObject) -> None:
    hcl, yaml = twins
    check(f'"{hcl}"', data.draw(scalars(yaml)))


PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.decimals(allow_nan=False, allow_infinity=False, places=3),
        LITERALS,
        st.sampled_from(["1", "true", "null", "~", "1e3", "yes", "2026-01-01", "x"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(LITERALS.filter(bool), inner, max_size=3)
    ),
    max_leaves=8,
)


def as_hcl(value: object) -> str:
    match value:
        case str():
            return f'"{quoted(value)}"'
        case list():
            return f"[{', '.join(map(as_hcl, value))}]"
        case dict():
            return f"{{{', '.join(f'{as_hcl(k)} = {as_hcl(v)}' for k, v in value.items())}}}"
        case Decimal():
            return f"{value:f}"
    return json.dumps(value)


def as_yaml(value: object, data: st.DataObject) -> str:
    match value:
        case str():
            return data.draw(scalars(escaped(value)).filter(lambda text: not text.startswith("|")))
        case list():
            return f"[{', '.join(as_yaml(one, data) for one in value)}]"
        case dict():
            pairs = (
                f"{json.dumps(escaped(k), ensure_ascii=False)}: {as_yaml(v, data)}"
                for k, v in value.items()
            )
            return f"{{{', '.join(pairs)}}}"
        case None:
            return data.draw(st.sampled_from(["null", "~"]))
        case Decimal():
            return data.draw(st.sampled_from([f"{value:f}", f"{value:e}"]))
    return json.dumps(value)


@MANY
@given(PLAIN, st.data())
def test_a_plain_value(value: object, data: st.DataObject) -> None:
    check(as_hcl(value), as_yaml(value, data))
