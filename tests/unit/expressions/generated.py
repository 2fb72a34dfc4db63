"""Random expressions as HCL text, of a wanted type, so that most of them have a value.

They use the names n, s, b, l and o: a number, a string, a bool, a list of numbers, an object.
"""

from functools import cache
from typing import Final, TypeAlias

from hypothesis import strategies as st

from envdplan.language.evaluation.signatures import Parameter, signature_of
from envdplan.language.functions import FUNCTIONS

Texts: TypeAlias = st.SearchStrategy[str]
Construct: TypeAlias = tuple[str, tuple[str, ...]]
"""A text with gaps, and the kinds of what goes into them."""

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

_WORDS: Final = ("", "a", "b", "ab", "a-b", "1", "2.5", "true", "é", "a\\nb", "2026-01-31T12:00Z")
_PATTERNS: Final = ("%s", "[a-z]+", "(a)(b)?", "10.0.0.0/8", "YYYY-MM", "[1]", ",", "2026-01-31")
LEAVES: Final = {
    "number": ("n", "o.n", "n", "l[0]", "length(l)", "0", "1", "2", "10", "1.5", "-3", "[][0]"),
    "string": ("s", "o.s", "s", *(f'"{one}"' for one in (*_WORDS, *_PATTERNS))),
    "bool": ("b", "o.b", "b", "true", "false", "[][0]"),
    "list": ("l", "o.l", "l", "toset(l)", "[]", "[n, 1]", '["a", s]', "[l, o]", "[1, 1, 2]"),
    "map": ("o", "o", "{ n = n, s = s }", "{}", "{ n = 1 }", "{ (s) = 1 }"),
}
KINDS: Final = tuple(LEAVES)
CONSTRUCTS: Final[dict[str, tuple[Construct, ...]]] = {
    "number": (
        *((f"({{}} {sign} {{}})", ("number", "number")) for sign in "+-*/%"),
        ("-{}", ("number",)),
        ("max({}...)", ("list",)),
    ),
    "string": (
        ('"x${{{}}}y${{{}}}"', ("string", "number")),
        ('"${{{}}}!"', ("bool",)),
        ('"%{{ if {} }}a%{{ else }}${{{}}}%{{ endif }}"', ("bool", "string")),
        ('"%{{ for i in {} }}<${{i}}>%{{ endfor }}"', ("list",)),
        ('"a ${{~ {} ~}} b"', ("string",)),
    ),
    "bool": (
        ("!{}", ("bool",)),
        ("({} && {})", ("bool", "bool")),
        ("({} || {})", ("bool", "bool")),
        *((f"({{}} {sign} {{}})", ("number", "number")) for sign in ("<", "<=", ">", ">=")),
        ("({} == {})", ("any", "any")),
        ("({} != {})", ("any", "any")),
        ("can({})", ("any",)),
    ),
    "list": (
        ("[{}, {}]", ("any", "any")),
        ("[for i in {} : i]", ("list",)),
        ("[for i in {} : [i == n, {}]]", ("list", "any")),
        ("[for i in {} : {}]", ("list", "any")),
        ("[for k, i in {} : k if {}]", ("map", "bool")),
        ("[for k, i in {} : {{ a = i }} if {}]", ("list", "bool")),
        ("[for i in {} : i if i != n]", ("list",)),
        ("{}[*]", ("list",)),
        ("{}[*].n", ("map",)),
        ("[{}, {}][*].n", ("map", "map")),
    ),
    "map": (
        ("{{ n = {}, b = {} }}", ("any", "any")),
        ("{{ ({}) = {} }}", ("string", "any")),
        ("{{ for k, i in {} : k => i }}", ("map",)),
        ("{{ for k, i in {} : k => {} if {} }}", ("map", "any", "bool")),
        ("{{ for k, i in {} : k => {}... }}", ("list", "string")),
        ("{{ for i in {} : {} => i... if {} }}", ("list", "string", "bool")),
    ),
}
OF_ANY: Final[tuple[Construct, ...]] = (
    ("({} ? {} : {})", ("bool", "same", "same")),
    ("try({}, {})", ("any", "same")),
    ("[{}, {}][{}]", ("same", "same", "number")),
    ("{{ a = {} }}.a", ("same",)),
    ("{{ a = {}, ab = {} }}[{}]", ("same", "same", "string")),
)
"""What can have a value of every kind."""
ALL: Final = sorted({*OF_ANY, *(one for several in CONSTRUCTS.values() for one in several)})


def choice(*strategies: Texts) -> Texts:
    """One of them, each as often: `one_of` would count what is inside of them."""
    return st.sampled_from(strategies).flatmap(lambda one: one)


@cache
def texts(kind: str, depth: int) -> Texts:
    """Texts whose value is of a kind, or fails."""
    if kind == "any":
        return choice(st.just("null"), *(texts(one, depth) for one in KINDS))
    leaf = st.sampled_from(LEAVES[kind])
    if not depth:
        return leaf
    own = [built(one, kind, depth - 1) for one in CONSTRUCTS[kind]]
    others = [built(one, kind, depth - 1) for one in OF_ANY]
    called = [calls(name, depth - 1) for name in _returning(kind)]
    return choice(leaf, choice(*own), choice(*others), choice(*called))


def built(construct: Construct, same: str, depth: int) -> Texts:
    """The text of a construct with its gaps filled."""
    text, kinds = construct
    return st.builds(text.format, *(texts(same if k == "same" else k, depth) for k in kinds))


@cache
def _returning(kind: str) -> tuple[str, ...]:
    """Functions whose results are of a kind."""
    wanted = {"list": ("list", "set"), "map": ("map", "object")}.get(kind, (kind,))
    found = [name for name in CALLED if FUNCTIONS[name].signature.rpartition("-> ")[2] in wanted]
    return tuple(found)


@cache
def calls(name: str, depth: int) -> Texts:
    """Calls of one function with arguments that suit it."""
    parameters = signature_of(FUNCTIONS[name]).parameters
    least = [_argument(one, depth) for one in parameters if not (one.optional or one.variadic)]
    more = [_argument(one, depth) for one in parameters if one.optional or one.variadic]
    given = st.one_of(st.tuples(*least), st.tuples(*least, *more))
    return given.map(lambda arguments: f"{name}({', '.join(arguments)})")


def _argument(parameter: Parameter, depth: int) -> Texts:
    type = parameter.type
    if type == "collection":
        return choice(texts("list", depth), texts("map", depth), texts("string", depth))
    if type == "map(list(string))":
        item = texts("string", depth)
        return st.builds("{{ a = [{}], b = [{}] }}".format, item, item)
    if type.startswith("list("):
        item = texts(type[5:-1], depth)
        return choice(st.builds("[{}, {}]".format, item, item), texts("list", depth))
    if type.startswith("map("):
        return st.builds("{{ a = {} }}".format, texts(type[4:-1], depth))
    return texts({"tuple": "list", "set": "list"}.get(type, type), depth)
