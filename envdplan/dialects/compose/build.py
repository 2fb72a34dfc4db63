"""The fields of `build`, each in the one form that merging and bake need."""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from envdplan.dialects.compose import sizes as composesizes
from envdplan.dialects.compose.check import Check
from envdplan.dialects.compose.scalars import written
from envdplan.dialects.compose.tree import Branch, Moment, Row, Scalar, Tree

_Reading: TypeAlias = Callable[[Check, Tree, str], Tree | None]

_LIMIT: Final = re.compile(r"-?[0-9]{1,19}")
_ADDRESS_SIGNS: Final = ("=", ":")


def build(check: Check, tree: Tree, what: str) -> Branch | None:
    """`build`, which may be only the path of the context."""
    if isinstance(tree, Scalar) and isinstance(tree.value, str):
        return Branch({"context": tree}, tree.place, {"context": tree.place})
    if not isinstance(tree, Branch):
        check.wrong(tree, what, "a string or a mapping")
        return None
    check.known(tree, what, FIELDS)
    found: dict[str, Tree] = {}
    for name, value in tree.items.items():
        reading = FIELDS.get(name)
        kept = reading(check, value, f"{what}.{name}") if reading else _extension(name, value)
        if kept is not None:
            found[name] = kept
    return tree.having(found)


def _extension(name: str, value: Tree) -> Tree | None:
    return value if name == "x-bake" else None


def _ignored(read: _Reading) -> _Reading:
    """A field that bake leaves out; only its type counts."""

    def reading(check: Check, tree: Tree, what: str) -> None:
        read(check, tree, what)

    return reading


def _attest(check: Check, tree: Tree, what: str) -> Scalar | None:
    if isinstance(tree, Scalar) and not isinstance(tree.value, Moment | None):
        return Scalar(written(tree.value), tree.place)
    check.wrong(tree, what, "a string, true or false")
    return None


def _size(check: Check, tree: Tree, what: str) -> Scalar | None:
    value = tree.value if isinstance(tree, Scalar) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return Scalar(value, tree.place)
    if not isinstance(value, str):
        check.wrong(tree, what, "a number of bytes, or a string such as 128m")
        return None
    size = composesizes.parsed(value)
    if size is None:
        detail = (
            f'{what} is "{value}", which is not a size. Write a number of bytes, or 128m or 2g.'
        )
        check.diagnostics.error("Invalid size", detail, tree.place)
        return None
    return Scalar(size, tree.place)


def _hosts(check: Check, tree: Tree, what: str) -> Row | None:
    """Hosts as `host=address`, one for each address."""
    if isinstance(tree, Branch):
        items = [i for n, v in tree.items.items() for i in _addresses(check, n, v, f"{what}.{n}")]
        return Row(tuple(items), tree.place)
    if not isinstance(tree, Row):
        check.wrong(tree, what, "a mapping, or a list of HOST=ADDRESS")
        return None
    rows = check.strings(tree, what) or Row((), tree.place)
    found = [_host(check, item, f"{what}[{i}]") for i, item in enumerate(rows)]
    return Row(tuple(item for item in found if item is not None), tree.place)


def _addresses(check: Check, host: str, tree: Tree, what: str) -> list[Scalar]:
    values = tree.items if isinstance(tree, Row) else (tree,)
    texts = [check.string(value, what) for value in values]
    return [Scalar(f"{host}={_bare(str(t.value))}", t.place) for t in texts if t is not None]


def _host(check: Check, tree: Tree, what: str) -> Scalar | None:
    text = str(tree.value) if isinstance(tree, Scalar) else ""
    for sign in _ADDRESS_SIGNS:
        host, found, address = text.partition(sign)
        if found and host:
            return Scalar(f"{host}={_bare(address)}", tree.place)
    detail = f'{what} is "{text}", which is not a host with its address. Write HOST=ADDRESS.'
    check.diagnostics.error("Invalid host", detail, tree.place)
    return None


def _bare(address: str) -> str:
    """An address without the brackets in which IPv6 may be written."""
    return address.removeprefix("[").removesuffix("]")


def _ulimits(check: Check, tree: Tree, what: str) -> Branch | None:
    branch = check.mapping(tree, what)
    if branch is None:
        return None
    limits = {n: _ulimit(check, value, f"{what}.{n}") for n, value in branch.items.items()}
    return branch.having({name: limit for name, limit in limits.items() if limit is not None})


def _ulimit(check: Check, tree: Tree, what: str) -> Scalar | None:
    """One limit as `soft:hard`; one number is both."""
    if isinstance(tree, Branch):
        check.known(tree, what, ("soft", "hard"))
        soft, hard = _limit(tree.get("soft")), _limit(tree.get("hard"))
    else:
        soft = hard = _limit(tree)
    if soft is None or hard is None:
        check.wrong(tree, what, "a whole number, or a mapping with both soft and hard")
        return None
    if hard != -1 and (soft > hard or soft == -1):
        detail = f"{what} has the soft limit {soft}, which is above the hard one, {hard}."
        check.diagnostics.error("Invalid limit", detail, tree.place)
    return Scalar(f"{soft}:{hard}", tree.place)


def _limit(tree: Tree | None) -> int | None:
    value = tree.value if isinstance(tree, Scalar) else None
    if isinstance(value, str) and _LIMIT.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _secrets(check: Check, tree: Tree, what: str) -> Row | None:
    """Secrets as the names of their sources; where they are mounted is the Dockerfile's say."""
    if not isinstance(tree, Row):
        check.wrong(tree, what, "a list")
        return None
    found = [_secret(check, item, f"{what}[{i}]") for i, item in enumerate(tree)]
    return Row(tuple(item for item in found if item is not None), tree.place)


def _secret(check: Check, tree: Tree, what: str) -> Scalar | None:
    if not isinstance(tree, Branch):
        return check.string(tree, what)
    check.known(tree, what, ("source", "target", "uid", "gid", "mode"))
    source = tree.get("source")
    if source is not None:
        return check.string(source, f"{what}.source")
    check.diagnostics.error("Missing field", f"{what} needs a source.", tree.place)
    return None


FIELDS: Final[Mapping[str, _Reading]] = {
    "context": Check.string,
    "dockerfile": Check.string,
    "dockerfile_inline": Check.string,
    "entitlements": _ignored(Check.strings),
    "args": Check.pairs,
    "ssh": Check.pairs,
    "labels": Check.pairs,
    "cache_from": Check.strings,
    "cache_to": Check.strings,
    "no_cache": Check.flag,
    "additional_contexts": Check.pairs,
    "network": Check.string,
    "provenance": _attest,
    "sbom": _attest,
    "pull": Check.flag,
    "target": Check.string,
    "shm_size": _size,
    "extra_hosts": _hosts,
    "isolation": _ignored(Check.string),
    "privileged": _ignored(Check.flag),
    "secrets": _secrets,
    "tags": Check.strings,
    "ulimits": _ulimits,
    "platforms": Check.strings,
}
"""How each field is read. Bake leaves out entitlements, isolation and privileged."""
