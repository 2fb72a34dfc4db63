"""A resolution as `docker buildx bake --print` writes it: proof of what a bake file means here."""

import posixpath
from collections.abc import Mapping
from typing import Final, TypeAlias

from envdplan.dialects.bake.groups import Group
from envdplan.dialects.bake.inheritance import Resolved
from envdplan.dialects.bake.paths import is_remote
from envdplan.dialects.bake.placed import Content, Placed
from envdplan.dialects.bake.resolution import Resolution
from envdplan.ground.values import Value

_ESCAPED: Final = ("annotations", "args", "dockerfile-inline", "extra-hosts", "labels")
"""Attributes in which bake escapes what would be a template, so that it can read them again."""

_LATER: Final = ("policy", "resources")
Printed: TypeAlias = dict[str, dict[str, dict[str, Value]]]


def printed(resolution: Resolution) -> Printed:
    """The groups and targets, in plain data for JSON."""
    groups = {name: _group(one) for name, one in resolution.groups.items()}
    _ask(groups, resolution.asked)
    targets = {
        name: _target(one, linked=name in resolution.linked)
        for name, one in resolution.targets.items()
    }
    return {"group": groups, "target": targets}


def _group(group: Group) -> dict[str, Value]:
    made: dict[str, Value] = {"targets": [one.value for one in group.members]}
    return {"description": group.description, **made} if group.description else made


def _ask(groups: dict[str, dict[str, Value]], asked: tuple[str, ...]) -> None:
    """bake puts all that was asked for into the group "default"."""
    for name in asked:
        if name != "default" or "default" not in groups:
            groups.setdefault("default", {"targets": []})["targets"].append(name)
    if "default" in groups:
        groups["default"]["targets"] = sorted(set(groups["default"]["targets"]))


def _target(target: Resolved, *, linked: bool) -> dict[str, Value]:
    contents = target.contents
    made: dict[str, Value] = {
        "context": context(contents.get("context")),
        "dockerfile": text(contents.get("dockerfile")) or "Dockerfile",
    }
    for name, content in contents.items():
        if name not in made and name not in _LATER:
            value = _plain(name, content)
            if value not in ([], {}, None) and (value != "" or name != "description"):
                made[name] = value
    return {**made, "output": [{"type": "cacheonly"}]} if linked else made


def context(content: Content | None) -> str:
    """The context directory as bake shows it: tidied, unless it is somewhere else."""
    shown = text(content) or "."
    if is_remote(shown):
        return shown
    return posixpath.normpath(shown.removeprefix("cwd://") or ".")


def text(content: Content | None) -> str:
    """The string in an attribute; "" when it is not set."""
    return str(content.value) if isinstance(content, Placed) else ""


def _plain(name: str, content: Content) -> Value:
    if isinstance(content, Placed):
        return _escaped(name, content.value)
    if isinstance(content, Mapping):
        return {key: _escaped(name, one.value) for key, one in content.items()}
    return [_entry(name, one.value) for one in content]


def _entry(name: str, value: Value) -> Value:
    if not isinstance(value, Mapping):
        return _escaped(name, value)
    kept = {key: one for key, one in value.items() if one not in ("", (), False)}
    return {key: list(one) if isinstance(one, tuple) else one for key, one in kept.items()}


def _escaped(name: str, value: Value) -> Value:
    if name not in _ESCAPED or not isinstance(value, str):
        return value
    return value.replace("${", "$${").replace("%{", "%%{")
