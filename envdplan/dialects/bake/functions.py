"""The functions that bake files can call: bake's names with bake's meaning.

Most are ours. Those here have the name of one of ours and another meaning.
"""

from collections.abc import Mapping
from typing import Final

from envdplan.ground.values import SetValue, Value
from envdplan.language.evaluation.context import Function
from envdplan.language.evaluation.problems import FunctionError
from envdplan.language.functions import FUNCTIONS
from envdplan.language.types.text import graphemes

_NAMES: Final = """
absolute add and base64decode base64encode basename bcrypt byteslen bytesslice can ceil chomp
chunklist cidrhost cidrnetmask cidrsubnet cidrsubnets coalesce coalescelist compact concat
contains convert csvdecode dirname distinct divide element equal flatten floor format formatdate
formatlist formattimestamp greaterthan greaterthanorequalto hasindex homedir indent index
indexof int join jsondecode jsonencode keys length lessthan lessthanorequalto log lookup lower
max md5 merge min modulo multiply negate not notequal or parseint pow range regex regex_replace
regexall replace reverse reverselist rsadecrypt sanitize semvercmp sethaselement setintersection
setproduct setsubtract setsymmetricdifference setunion sha1 sha256 sha512 signum slice sort
split strlen substr subtract timeadd timestamp title trim trimprefix trimspace trimsuffix try
unixtimestampparse upper urlencode uuidv4 uuidv5 values zipmap
"""
"""All functions of bake."""


def _element(values: Value, key: Value) -> Value:
    """bake's index() takes an element; ours, as Terraform's, finds one."""
    if isinstance(values, Mapping) and isinstance(key, str) and key in values:
        return values[key]
    listed = isinstance(values, tuple) and not isinstance(values, SetValue)
    if listed and type(key) is int and 0 <= key < len(values):
        return values[key]
    raise FunctionError("there is no such key", 1)


def _reverse(text: str) -> str:
    return "".join(reversed(graphemes(text)))


def _replace(text: str, part: str, by: str) -> str:
    return text.replace(part, by)


_DIFFERENT: Final = (
    Function(
        "index(values: any, key: any) -> any",
        "The element of a list or map at a key.",
        'index(["a", "b"], 1)',
        '"b"',
        _element,
    ),
    Function(
        "reverse(text: string) -> string",
        "The characters in reverse order.",
        'reverse("abc")',
        '"cba"',
        _reverse,
    ),
    Function(
        "replace(text: string, part: string, by: string) -> string",
        "Text with parts replaced; slashes have no meaning.",
        'replace("a/b/", "/b/", "c")',
        '"ac"',
        _replace,
    ),
)


def table() -> Mapping[str, Function]:
    """Every function of bake that there is here."""
    known = {**FUNCTIONS, **{one.name: one for one in _DIFFERENT}}
    return {name: known[name] for name in _NAMES.split()}
