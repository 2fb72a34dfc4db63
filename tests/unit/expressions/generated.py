"""Random expressions as HCL text, of a wanted type, so that most of them have a value."""

from collections.abc import Callable
from functools import cache
from typing import Final, TypeAlias

from hypothesis import strategies as st

from envdplan.config.functions import FUNCTIONS
from envdplan.config.signatures import Parameter, signature_of

Texts: TypeAlias = st.SearchStrategy[str]
DEEPEST: Final = 3
_OF_THE_WORLD: Final = frozenset(
    {"bcrypt", "env", "git", "homedir", "pathexpand", "abspath", "timestamp", "plantimestamp"}
)
_ABOUT_MARKS: Final = frozenset({"nonsensitive", "issensitive", "sensitive"})
_SPECIAL: Final = frozenset({"can", "try", "convert", "uuid", "uuidv4", "rsadecrypt"})
CALLED: Final = sorted(
    name
    for name in FUNCTIONS
    if name not in _OF_THE_WORLD | _ABOUT_MARKS | _SPECIAL and "file" not in name
)
"""Functions that are called with arguments of the types in their signatures."""

_WORDS: Final = (
    "",
    "a",
    "b",
    "ab",
    "a-b",
    "1",
    "2.5",
    "true",
    "é",
    "a\\nb",
    "2026-01-31T12:00:00Z",
)
_PATTERNS: Final = ('"%s"', '"[a-z]+"', '"(a)(b)?"', '"10.0.0.0/8"', '"YYYY-MM"', '"[1]"', '","')


def choice(*strategies: Texts) -> Texts:
    """One of them, each as often: `one_of` would count what is inside of them."""
    return st.sampled_from(strategies).flatmap(lambda one: one)


@cache
def numbers(depth: int) -> Texts:
    """Texts whose value is a number."""
    simple = st.sampled_from(["0", "1", "2", "10", "1.5", "-3", "n", "l[0]", "o.n", "length(l)"])
    if not depth:
        return simple
    one, other = numbers(depth - 1), numbers(depth - 1)
    return choice(
        simple,
        st.builds("({} {} {})".format, one, st.sampled_from(["+", "-", "*", "/", "%"]), other),
        st.builds("-{}".format, one),
        st.builds("max({}...)".format, lists(depth - 1)),
        _of_any("number", depth, one),
    )


@cache
def strings(depth: int) -> Texts:
    """Texts whose value is a string."""
    simple = st.sampled_from([f'"{one}"' for one in _WORDS] + ["s", "o.s", *_PATTERNS])
    if not depth:
        return simple
    inner = choice(strings(depth - 1), numbers(depth - 1), bools(depth - 1))
    return choice(
        simple,
        st.builds('"x${{{}}}y${{{}}}"'.format, inner, inner),
        st.builds('"%{{ if {} }}a%{{ else }}${{{}}}%{{ endif }}"'.format, bools(depth - 1), inner),
        st.builds('"%{{ for i in {} }}<${{i}}>%{{ endfor }}"'.format, lists(depth - 1)),
        st.builds('"a ${{~ {} ~}} b"'.format, inner),
        _of_any("string", depth, strings(depth - 1)),
    )


@cache
def bools(depth: int) -> Texts:
    """Texts whose value is true or false."""
    simple = st.sampled_from(["true", "false", "b", "o.b"])
    if not depth:
        return simple
    one, other = bools(depth - 1), bools(depth - 1)
    compared = st.sampled_from(["<", "<=", ">", ">="])
    return choice(
        simple,
        st.builds("!{}".format, one),
        st.builds("({} {} {})".format, one, st.sampled_from(["&&", "||"]), other),
        st.builds("({} {} {})".format, numbers(depth - 1), compared, numbers(depth - 1)),
        st.builds(
            "({} {} {})".format,
            anything(depth - 1),
            st.sampled_from(["==", "!="]),
            anything(depth - 1),
        ),
        st.builds("can({})".format, anything(depth - 1)),
        _of_any("bool", depth, one),
    )


@cache
def lists(depth: int) -> Texts:
    """Texts whose value is a list or a set."""
    simple = st.sampled_from(["l", "[]", "o.l", "[n, 1]", '["a", s]', "[l, o]", "[1, 1, 2]"])
    if not depth:
        return simple
    item = anything(depth - 1)
    bound = st.sampled_from(["i", '"${i}"', "[i]", "i == n", "{ a = i }"])
    return choice(
        simple,
        st.builds("[{}, {}]".format, item, item),
        st.builds("[for i in {} : {}]".format, lists(depth - 1), choice(bound, item)),
        st.builds(
            "[for k, i in {} : {} if {}]".format,
            choice(objects(depth - 1), lists(depth - 1)),
            choice(st.just("k"), bound),
            bools(depth - 1),
        ),
        st.builds("[for i in {} : i if i != n]".format, lists(depth - 1)),
        st.builds("{}[*]".format, lists(depth - 1)),
        st.builds("[{}, {}][*].n".format, objects(depth - 1), objects(depth - 1)),
        _of_any("list", depth, lists(depth - 1)),
    )


@cache
def objects(depth: int) -> Texts:
    """Texts whose value is an object or a map."""
    simple = st.sampled_from(["o", "{}", "{ n = n, s = s }", "{ n = 1 }", "{ (s) = 1 }"])
    if not depth:
        return simple
    item = anything(depth - 1)
    return choice(
        simple,
        st.builds("{{ n = {}, b = {} }}".format, item, item),
        st.builds("{{ ({}) = {} }}".format, strings(depth - 1), item),
        st.builds(
            "{{ for k, i in {} : k => {} }}".format,
            objects(depth - 1),
            choice(st.just("i"), item),
        ),
        st.builds(
            "{{ for i in {} : {} => i... if {} }}".format,
            lists(depth - 1),
            strings(depth - 1),
            bools(depth - 1),
        ),
        _of_any("map", depth, objects(depth - 1)),
    )


@cache
def anything(depth: int) -> Texts:
    """Texts of any type."""
    return choice(
        st.just("null"),
        *(kind(depth) for kind in (numbers, strings, bools, lists, objects)),
    )


def _of_any(result: str, depth: int, same: Texts) -> Texts:
    """What can have every type: conditions, functions, parts."""
    return choice(
        st.builds("({} ? {} : {})".format, bools(depth - 1), same, same),
        st.builds("try({}, {})".format, anything(depth - 1), same),
        st.builds("[{}, {}][{}]".format, same, same, numbers(depth - 1)),
        st.builds("{{ a = {} }}.a".format, same),
        st.builds("{{ a = {}, ab = {} }}[{}]".format, same, same, strings(depth - 1)),
        choice(*(calls(name, depth - 1) for name in _returning(result))),
    )


@cache
def _returning(result: str) -> tuple[str, ...]:
    """Functions whose results are of one type, or may be."""
    wanted = {"list": ("list", "set"), "map": ("map", "object")}.get(result, (result,))
    found = [name for name in CALLED if FUNCTIONS[name].signature.rpartition("-> ")[2] in wanted]
    return tuple(found)


@cache
def calls(name: str, depth: int) -> Texts:
    """Calls of one function with arguments that suit it."""
    parameters = signature_of(FUNCTIONS[name]).parameters
    least = [_argument(one, depth) for one in parameters if not (one.optional or one.variadic)]
    more = [_argument(one, depth) for one in parameters if one.optional or one.variadic]
    exact = st.tuples(*least)
    full = st.tuples(*least, *more)
    return st.one_of(exact, full).map(lambda texts: f"{name}({', '.join(texts)})")


_KINDS: Final[dict[str, Callable[[int], Texts]]] = {
    "string": strings,
    "number": numbers,
    "bool": bools,
    "list": lists,
    "tuple": lists,
    "set": lists,
    "map": objects,
    "any": anything,
}


def _argument(parameter: Parameter, depth: int) -> Texts:
    type = parameter.type
    if type == "collection":
        return choice(lists(depth), objects(depth), strings(depth))
    if type == "map(list(string))":
        return st.builds("{{ a = [{}], b = [{}] }}".format, strings(depth), strings(depth))
    if type.startswith("list("):
        item = _KINDS[type[5:-1]](depth)
        return choice(st.builds("[{}, {}]".format, item, item), lists(depth))
    if type.startswith("map("):
        return st.builds("{{ a = {} }}".format, _KINDS[type[4:-1]](depth))
    return _KINDS[type](depth)
