"""The attributes of a target whose entries have parameters: caches, outputs, secrets and so on."""

from collections.abc import Callable, Iterable
from functools import partial

from envdplan.dialects.compose import csv as composecsv
from envdplan.dialects.compose.csv import Entry, Unreadable
from envdplan.dialects.compose.paths import local
from envdplan.dialects.compose.target import Placed, Target, scalars
from envdplan.dialects.compose.tree import Branch, Scalar, Tree, strings


def caches(target: Target) -> None:
    """Where a build takes its cache from, and where it puts it."""
    for name, attribute in (("cache_from", "cache-from"), ("cache_to", "cache-to")):
        items = (*target.build.row(name), *target.extension.row(attribute))
        found = _parsed(target, items, composecsv.caches)
        target.put_entries(attribute, found, composecsv.whole)


def outputs(target: Target) -> None:
    """Where results go; only x-bake says it."""
    found = _parsed(target, target.extension.row("output"), composecsv.output)
    target.put_entries("output", found, composecsv.whole)


def secrets(target: Target) -> None:
    """Secrets; one of x-bake replaces that of compose with the same id."""
    found = [
        *_declared(target),
        *_parsed(target, target.extension.row("secret"), composecsv.secret),
    ]
    target.put_entries("secret", found, lambda entry: entry.get("id"))


def ssh(target: Target) -> None:
    """SSH agents and keys, sorted by id."""
    found = [*_keys(target), *_parsed(target, target.extension.row("ssh"), composecsv.ssh)]
    found.sort(key=lambda pair: str(pair[0]["id"]))
    target.put_entries("ssh", found, lambda entry: entry.get("id"))


def attestations(target: Target) -> None:
    """SBOM and provenance."""
    found: list[Placed] = []
    for kind in ("sbom", "provenance"):
        item = target.build.get(kind)
        if item is not None:
            found += _parsed(target, (item,), partial(composecsv.attest, kind))
    target.put_entries("attest", found, lambda entry: entry.get("type"))


def _parsed(
    target: Target, items: Iterable[Tree], read: Callable[[str], list[Entry]]
) -> list[Placed]:
    found: list[Placed] = []
    for item in items:
        if isinstance(item, Scalar) and item.value:
            try:
                found += [(entry, item.place) for entry in read(str(item.value))]
            except Unreadable as problem:
                target.diagnostics.error("Invalid entry", str(problem), item.place)
    return found


def _declared(target: Target) -> list[Placed]:
    """The secrets that the build names, as the file declares them."""
    found: list[Placed] = []
    for scalar in strings(target.build.get("secrets")):
        name = str(scalar.value)
        secret = target.secrets.branch(name)
        if secret is not None and not _is_external(target, name, secret, scalar):
            found.append((_secret(target, name, secret), scalar.place))
    return found


def _secret(target: Target, name: str, secret: Branch) -> Entry:
    file = local(secret.text("file"), target.home)
    values = {"id": name, "src": file, "env": secret.text("environment")}
    return {key: value for key, value in values.items() if value}


def _is_external(target: Target, name: str, secret: Branch, scalar: Scalar) -> bool:
    external = secret.get("external")
    if not isinstance(external, Scalar) or not external.value:
        return False
    detail = (
        f'The secret "{name}" is external, at {external.place}, so only a cluster knows its value, '
        "and a build cannot have it. Give the secret a file or an environment."
    )
    target.diagnostics.error("External secret", detail, scalar.place)
    return True


def _keys(target: Target) -> list[Placed]:
    found: list[Placed] = []
    for name, scalar in scalars(target.build.branch("ssh")):
        path = local(str(scalar.value or ""), target.home)
        entry: Entry = {"id": name, "paths": [path]} if path else {"id": name}
        found.append((entry, scalar.place))
    return found
