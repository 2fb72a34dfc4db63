"""The comma-separated texts of bake: cache, output, secret, ssh and attestations, as objects."""

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

Entry: TypeAlias = dict[str, str | bool | list[str]]

_FIELD: Final = re.compile(r'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<bare>[^",]*))(?=,|\Z)')
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})


class Unreadable(Exception):
    """A text that is no such entry; the message says why."""


def caches(text: str) -> list[Entry]:
    """Sources or destinations of caches: references of images, or one `type=...`."""
    fields = _fields(text)
    if not any("=" in field for field in fields):
        return [{"type": "registry", "ref": field} for field in fields if field]
    entry = dict(_pair(field, "type=registry,ref=NAME") for field in fields)
    if not entry.get("type"):
        raise Unreadable(f'"{text}" has no type. Write type=registry,ref=NAME, for example.')
    return [dict(entry)]


def output(text: str) -> list[Entry]:
    """Where a result goes: `type=...`, a folder, or - for a tar archive on standard output."""
    fields = _fields(text)
    if len(fields) == 1 and not text.startswith("type="):
        dest = fields[0]
        return [{"type": "tar", "dest": "-"} if dest == "-" else {"type": "local", "dest": dest}]
    pairs = [_pair(field, "type=local,dest=FOLDER") for field in fields]
    entry: Entry = {key.strip(): value for key, value in pairs}
    if not entry.get("type"):
        raise Unreadable(f'"{text}" has no type. Write type=local,dest=FOLDER, for example.')
    return [entry]


def secret(text: str) -> list[Entry]:
    """A secret: `id=...,src=FILE` or `id=...,env=VARIABLE`."""
    found: Entry = {}
    kind = ""
    for field in _fields(text):
        key, value = _pair(field, "id=NAME,src=FILE")
        if key == "type":
            kind = value
        elif key in _SECRET_KEYS:
            found[_SECRET_KEYS[key]] = value
        else:
            raise Unreadable(f'"{key}" is not a key of a secret: there are id, src, env and type.')
    if kind not in ("", "file", "env"):
        raise Unreadable(f'"{kind}" is not a type of secrets: there are file and env.')
    if not found.get("id"):
        raise Unreadable(f'"{text}" has no id. Write id=NAME,src=FILE, for example.')
    if kind == "env" and "src" in found and "env" not in found:
        found["env"] = found.pop("src")
    return [{key: value for key, value in found.items() if value}]


_SECRET_KEYS: Final = {"id": "id", "src": "src", "source": "src", "env": "env"}


def ssh(text: str) -> list[Entry]:
    """An SSH agent or keys: `ID` or `ID=PATH,PATH`."""
    name, sign, paths = text.partition("=")
    return [{"id": name, "paths": paths.split(",")} if sign else {"id": name}]


def attest(kind: str, text: str) -> list[Entry]:
    """An attestation of a kind: a bool, or its parameters."""
    if text in _TRUE | _FALSE:
        return [_attest({"type": kind, "disabled": "false" if text in _TRUE else "true"})]
    names = any(field.startswith("type=") for field in text.split(","))
    fields = _fields(text if names else f"type={kind},{text}")
    return [_attest(dict(_pair(field, "mode=max") for field in fields))]


def _attest(pairs: dict[str, str]) -> Entry:
    entry: Entry = {key: value for key, value in pairs.items() if key != "disabled"}
    disabled = pairs.get("disabled", "false")
    if disabled not in _TRUE | _FALSE:
        raise Unreadable(f'disabled is "{disabled}", which is neither true nor false.')
    if disabled in _TRUE:
        entry["disabled"] = True
    return entry


def distinct(entries: Iterable[Entry], key: Callable[[Entry], object]) -> list[Entry]:
    """Entries with different keys: the last of each, where the first one stood."""
    return list({key(entry): entry for entry in entries}.values())


def whole(entry: Entry) -> object:
    """An entry as a key: only equal ones are the same."""
    return tuple(sorted((name, str(value)) for name, value in entry.items()))


def _fields(text: str) -> list[str]:
    """The fields between commas; one in quotes may have commas in it."""
    found: list[str] = []
    position = 0
    while position <= len(text):
        match = _FIELD.match(text, position)
        if match is None:
            detail = "a quote is inside a field, or is not closed"
            raise Unreadable(f"{text} cannot be read: {detail}. Quote whole fields.")
        quoted, bare = match["quoted"], match["bare"]
        found.append(bare if quoted is None else quoted.replace('""', '"'))
        position = match.end() + 1
    return found


def _pair(field: str, example: str) -> tuple[str, str]:
    key, sign, value = field.partition("=")
    if not sign:
        raise Unreadable(f'"{field}" is not a key=value. Write {example}, for example.')
    return key.lower(), value
