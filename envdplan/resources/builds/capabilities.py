"""What a builder cannot do is said at plan time, together with who can."""

from collections.abc import Iterator

from envdplan.core.plan.inputs import options_given
from envdplan.core.state.outputs import is_pushed
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import Attributes, Unknown
from envdplan.resources.builds.platforms import assigned, lacking

FULL = ("image", "docker", "oci", "tar", "local", "cacheonly")
"""Exporters of a BuildKit with an image store of its own."""

WHO_CAN = "docker-container, kube-pod, tcp and unix builders can; so can a moby-worker builder \
whose engine uses the containerd image store"


def check_capabilities(build: Attributes, builder: Attributes) -> Iterator[str]:
    """Full sentences, one for each thing that `builder` cannot do for `build`.

    `builder` has `capabilities` {exporters, platforms, cache_exports, several_outputs}; nothing
    is said where it does not tell (a builder that does not exist yet).
    """
    can = builder.get("capabilities")
    if isinstance(can, Unknown) or not can:
        return
    yield from _exporters(build, can)
    yield from _platforms(build, can)
    yield from _caches(build, can)
    yield from _nodes(build, can)
    yield from _attestations(build, can)
    if _results(build) > 1 and not can.get("several_outputs", True):
        yield f"This builder makes one output in one build, but there are several; {WHO_CAN}."


def left_out(type: ResourceType, build: Attributes, builder: Attributes) -> str | None:
    """A full sentence about what `builder` leaves out of an image of `build` without a word."""
    can = builder.get("capabilities")
    outputs = build.get("output")
    if isinstance(can, Unknown) or not can or "oci" in (can.get("exporters") or FULL):
        return None
    kept = [one for one in outputs or () if one.get("type") in ("image", "docker")]
    names = sorted(options_given(type.attributes.get("output"), kept))
    names += ["annotations"] if build.get("annotations") and kept else []
    if not names:
        return None
    return f"The engine's old image store makes images without {', '.join(names)}; {WHO_CAN}."


def _results(build: Attributes) -> int:
    """A pushed and a loaded image are one result; each file or directory is one more."""
    outputs = build.get("output") or ()
    files = [one for one in outputs if one.get("dest")]
    return len(files) + any(not one.get("dest") for one in outputs)


def _exporters(build: Attributes, can: Attributes) -> Iterator[str]:
    allowed = can.get("exporters")
    for output in build.get("output") or ():
        type = output.get("type")
        if allowed and type not in allowed:
            names = ", ".join(allowed)
            yield f"This builder has no output of type {type} (it has: {names}); {WHO_CAN}."


def _attestations(build: Attributes, can: Attributes) -> Iterator[str]:
    """They make an index of the image, which not every exporter can hold."""
    wanted = build.get("attest")
    if isinstance(wanted, Unknown) or not wanted:
        return
    if "oci" not in (can.get("exporters") or FULL):
        yield f"This builder makes no attestations; {WHO_CAN}."
        return
    in_engine = (build.get("connection") or {}).get("type") == "moby-worker"
    archives = [one for one in build.get("output") or () if one.get("type") == "docker"]
    if any(one.get("dest") or not in_engine for one in archives):
        yield (
            "An archive for docker load holds no attestations: push the image, take an output of "
            "type oci, or make the one with attestations by a build of its own."
        )


def _platforms(build: Attributes, can: Attributes) -> Iterator[str]:
    joined = build.get("from") is not None  # envd builds are made one by one
    if len(_wanted(build)) > 1 and not joined and not can.get("several_platforms", True):
        yield f"This builder makes images of one platform only; {WHO_CAN}."


def foreign_platforms(build: Attributes, builder: Attributes) -> str | None:
    """What `builder` may not be able to run for `build`, as full sentences; None when all is well.

    It is no reason to refuse: see `envdplan.resources.builds.platforms`.
    """
    can = builder.get("capabilities")
    if isinstance(can, Unknown) or not can or not can.get("platforms"):
        return None
    missing = lacking(_wanted(build), can["platforms"])
    if not missing:
        return None
    names, first = ", ".join(missing), next(iter(can.get("nodes") or ()), None)
    where = "" if first is None else f" They are built on its first node, {first}."
    return (
        f"This builder runs {', '.join(can['platforms'])}, but not {names}.{where} Steps that only "
        "copy, and those of a stage FROM --platform=$BUILDPLATFORM that compile for another "
        'platform, work all the same; a RUN on the platform itself ends with "exec format error". '
        "For that, install emulation on the builder's machine (binfmt), or give the builder a "
        "node of that platform."
    )


def _wanted(build: Attributes) -> tuple[str, ...]:
    """The platforms of a build, as far as they are known."""
    platforms = build.get("platforms")
    if isinstance(platforms, Unknown) or not platforms:
        return ()
    return tuple(one for one in platforms if isinstance(one, str))


def _nodes(build: Attributes, can: Attributes) -> Iterator[str]:
    """Parts of several nodes come together in a registry, and nowhere else."""
    nodes = can.get("nodes")
    if not nodes:
        return
    used = assigned(_wanted(build), nodes)
    pushed = all(map(is_pushed, build.get("output") or ()))
    if len(used) > 1 and not pushed:
        yield (
            "Its platforms are built on several nodes, and come together in a registry only: set "
            "push = true, and make other outputs with a build of one platform."
        )


def _caches(build: Attributes, can: Attributes) -> Iterator[str]:
    allowed = can.get("cache_exports")
    for cache in build.get("export_cache") or ():
        if allowed and cache.get("type") not in allowed:
            type, names = cache.get("type"), ", ".join(allowed)
            yield f"This builder cannot export a cache of type {type} (it can: {names}); {WHO_CAN}."
