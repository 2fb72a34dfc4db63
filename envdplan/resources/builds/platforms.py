"""Which platforms a builder runs, and which of its nodes builds what.

What a worker lists is what it can run. What is only copied, or compiled for another platform on
its own one (FROM --platform=$BUILDPLATFORM), it builds for any: the builder decides, no plan.
"""

from collections.abc import Iterable, Mapping
from typing import Final

_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64", "i386": "386"}
_DEFAULTS: Final = {"amd64": "v1", "arm64": "v8"}
"""Variants that are the same as none (containerd's platforms, "Normalize")."""


def plain(platform: str) -> str:
    """OS/ARCHITECTURE[/VARIANT] by which two names of one platform are equal."""
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    architecture = _ARCHITECTURES.get(architecture, architecture)
    if architecture == "arm" and not variant:
        variant = "v7"
    if variant == _DEFAULTS.get(architecture):
        variant = ""
    return "/".join(part for part in (system, architecture, variant) if part)


def lacking(wanted: Iterable[str], offered: Iterable[str]) -> tuple[str, ...]:
    """Those of `wanted` that nobody offers."""
    known = {plain(one) for one in offered}
    return tuple(one for one in wanted if plain(one) not in known)


def assigned(
    platforms: Iterable[str], nodes: Mapping[str, Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    """Which node builds which platforms: the first that offers it, else the first of all."""
    offered = {label: {plain(one) for one in names} for label, names in nodes.items()}
    found: dict[str, tuple[str, ...]] = {}
    for platform in platforms:
        fitting = (label for label, names in offered.items() if plain(platform) in names)
        label = next(fitting, next(iter(offered)))
        found[label] = (*found.get(label, ()), platform)
    return found
