"""Whatever is made of sensitive and unknown values stays so, through all of the language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdplan.ground.source import SourceFile
from envdplan.ground.values import (
    UNKNOWN,
    Sensitive,
    SetValue,
    Unknown,
    Value,
    is_sensitive,
    redact,
    reveal,
)
from envdplan.language.evaluation.context import Context, Names
from envdplan.language.evaluation.expressions import EvaluationError, evaluate
from envdplan.language.functions import FUNCTIONS
from envdplan.language.syntax import parse_expression
from envdplan.language.types.ordering import equal
from tests.unit.expressions.generated import ALL, CALLED, KINDS, Construct, built, calls, texts

MANY = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)


@dataclass(frozen=True)
class Failed:
    """What is left of an expression without a value."""

    sensitive: bool
    detail: str = field(compare=False)


def outcome(text: str, names: Mapping[str, Value]) -> Value:
    expression, problems = parse_expression(text, SourceFile("<test>", text))
    assert expression is not None, (text, [one.detail for one in problems])
    context = Context(Names(names), FUNCTIONS, "/nowhere", started=0.0, seed="s")
    try:
        return evaluate(expression, context)
    except EvaluationError as error:
        return Failed(error.sensitive, error.diagnostic.detail)


NUMBERS = st.sampled_from([0, 1, 2, 3, Decimal("1.5"), -3, 10])
STRINGS = st.sampled_from(["", "a", "b", "ab", "1", "true", "é", "n", "x-y"])
BOOLS = st.booleans()
LISTS = st.lists(NUMBERS, max_size=3).map(tuple)
OBJECTS = st.fixed_dictionaries(
    {"b": BOOLS, "l": LISTS, "n": NUMBERS, "s": STRINGS}, optional={"a": NUMBERS}
).map(lambda made: dict(sorted(made.items())))
KINDS_OF_NAMES = {"n": NUMBERS, "s": STRINGS, "b": BOOLS, "l": LISTS, "o": OBJECTS}


@st.composite
def pairs(draw: st.DrawFn) -> dict[str, tuple[Value, Value]]:
    """Two values for each name; about half of the names have twice the same."""
    made = {}
    for name, kind in KINDS_OF_NAMES.items():
        one = draw(kind)
        other = st.just(not one) if name == "b" else kind
        made[name] = (one, draw(other) if draw(st.booleans()) else one)
    return made


def hidden(one: Value, other: Value, mark: Value) -> Value:
    """`one` with `mark` around (or in place of) the parts in which `other` differs."""
    if equal(one, other) is True:
        return one
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return {key: hidden(item, other[key], mark) for key, item in one.items()}
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return tuple(hidden(*items, mark) for items in zip(one, other, strict=True))
    return Sensitive(one) if mark is Sensitive else mark


def check_secret(text: str, given: Mapping[str, tuple[Value, Value]]) -> None:
    """Two values of a secret give results that differ only in what is hidden."""
    one = outcome(text, {n: hidden(a, b, Sensitive) for n, (a, b) in given.items()})
    other = outcome(text, {n: hidden(b, a, Sensitive) for n, (a, b) in given.items()})
    plain = outcome(text, {n: a for n, (a, _) in given.items()})
    if isinstance(one, Failed) or isinstance(other, Failed):
        failed, rest = (one, other) if isinstance(one, Failed) else (other, one)
        assert isinstance(rest, Failed) or failed.sensitive, (text, failed)
        return
    assert redact(one) == redact(other), text
    assert reveal(one) == plain, text


def check_unknown(text: str, given: Mapping[str, tuple[Value, Value]], mark: Value) -> None:
    """What is known while a part is unknown stays so, whatever that part turns out to be."""
    begun = outcome(text, {n: hidden(a, b, mark) for n, (a, b) in given.items()})
    secret = isinstance(mark, Sensitive)
    for side in (0, 1):
        names = {n: pair[side] for n, pair in given.items()}
        if secret:
            names = {n: hidden(pair[side], pair[1 - side], Sensitive) for n, pair in given.items()}
        final = outcome(text, names)
        if not isinstance(final, Failed):
            assert becomes(begun, final), (text, begun, final)


def becomes(begun: Value, final: Value) -> bool:
    """Whether `begun` can turn into `final`, and hides all that `final` hides."""
    if isinstance(begun, Sensitive):
        return becomes(begun.value, reveal(final))
    if isinstance(begun, Unknown):
        return not is_sensitive(final)
    if isinstance(final, Sensitive):
        return False
    if isinstance(begun, dict) and isinstance(final, dict):
        return begun.keys() == final.keys() and all(becomes(begun[k], final[k]) for k in begun)
    if isinstance(begun, tuple) and isinstance(final, tuple):
        same = isinstance(begun, SetValue) == isinstance(final, SetValue)
        return same and len(begun) == len(final) and all(map(becomes, begun, final))
    return bool(begun == final and type(begun) is type(final))


@MANY
@given(texts("any", 2), pairs())
def test_what_depends_on_a_secret_is_one(text: str, given: dict[str, tuple[Value, Value]]) -> None:
    check_secret(text, given)


@MANY
@given(texts("any", 2), pairs(), st.sampled_from([UNKNOWN, Sensitive(UNKNOWN)]))
def test_what_is_known_before_holds_after(
    text: str, given: dict[str, tuple[Value, Value]], mark: Value
) -> None:
    check_unknown(text, given, mark)


@pytest.mark.parametrize("name", CALLED)
@settings(max_examples=8, deadline=None)
@given(st.data())
def test_no_function_loses_a_mark(name: str, data: st.DataObject) -> None:
    check(data.draw(calls(name, 0)), data)


@pytest.mark.parametrize("construct", ALL, ids=[one[0] for one in ALL])
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_construct_loses_a_mark(construct: Construct, data: st.DataObject) -> None:
    check(data.draw(built(construct, data.draw(st.sampled_from(KINDS)), 0)), data)


def check(text: str, data: st.DataObject) -> None:
    """Both properties."""
    given = data.draw(pairs())
    check_secret(text, given)
    check_unknown(text, given, data.draw(st.sampled_from([UNKNOWN, Sensitive(UNKNOWN)])))


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("can(x ? [1][0] : [][0])", True),
        ("can(x ? [1][0] : [][0])", False),
        ("can([l[0], 1][1])", False),
        ("can([l[0], 1][1])", True),
        ("try([l[0], 1][1], 1)", True),
        ("can(false || (x && [][0]))", True),
        ("can([for i in l : [][0]])", True),
        ("can(l[*].a)", True),
        ("can(max(l...))", False),
        ("try(x ? [1][0] : [][0], 1)", True),
        ("try([l[0], 1][1], 1)", False),
        ("type(l)", True),
    ],
)
def test_whether_it_fails_may_tell_a_secret(text: str, secret: bool) -> None:
    names = {"x": Sensitive(secret), "l": Sensitive((1,) if secret else ())}
    assert isinstance(outcome(text, names), Sensitive)


def test_the_number_of_secret_arguments_is_not_told() -> None:
    failed = outcome("abs(l...)", {"l": Sensitive((1, 2, 3))})
    assert failed.sensitive
    assert "3" not in failed.detail


@pytest.mark.parametrize(
    "text",
    [
        "x ? [][0] : 1",
        "x && [][0]",
        "!x || [][0]",
        "[for i in l : [][0]]",
        "[for i in [1] : [][0] if x]",
        "{ for i in [1] : (x ? [][0] : 1) => i }",
        "l[*].a",
        '"%{ if x }${[][0]}%{ endif }"',
    ],
)
def test_a_failure_that_a_secret_decides_about_is_sensitive(text: str) -> None:
    failed = outcome(text, {"x": Sensitive(True), "l": Sensitive((1,))})
    assert failed == Failed(True, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("merge(l...)", Sensitive({})),
        ("concat([1], l)", Sensitive((1,))),
        ("convert([n, 1], set(number))", Sensitive(SetValue((1, 2)))),
        ("flatten([u, 1])", Sensitive(UNKNOWN)),
        ("true ? { a = 1, b = u } : {}", Sensitive(UNKNOWN)),
        ("coalesce({ a = 1, b = u }, {})", Sensitive(UNKNOWN)),
        ("coalesce({ a = 1, b = u }, { a = 2, b = 3 }).a", 1),
        ("convert([1, u], list(any))", Sensitive(UNKNOWN)),
        ("convert([1, u], list(string))", ("1", Sensitive(UNKNOWN))),
        ("{ for i in [1] : null => i if u }", Sensitive(UNKNOWN)),
        ("true ? { a = 1 } : m", Sensitive({"a": "1"})),
        ("coalesce({ a = 1 }, m)", Sensitive({"a": "1"})),
        ('true ? ["a"] : l', ("a",)),
        ("true ? { a = 1, b = m } : { a = 2, b = m }", {"a": 1, "b": Sensitive({"b": "x"})}),
        ("coalesce({ a = 1, b = m })", {"a": 1, "b": Sensitive({"b": "x"})}),
        ("true ? 1 : n", 1),
        ("true ? { a = 1 } : u", Sensitive(UNKNOWN)),
        ("[for i in v : n]", Sensitive(UNKNOWN)),
        ("v[*][n]", Sensitive(UNKNOWN)),
        ("v[*].n", UNKNOWN),
        ("[for i in [1] : i if u]", Sensitive(UNKNOWN)),
    ],
)
def test_marks_that_chance_seldom_finds(text: str, expected: Value) -> None:
    names = {"l": Sensitive(()), "n": Sensitive(2), "u": Sensitive(UNKNOWN), "v": UNKNOWN}
    names["m"] = Sensitive({"b": "x"})
    assert outcome(text, names) == expected
