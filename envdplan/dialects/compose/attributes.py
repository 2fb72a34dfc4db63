"""The plain attributes of a target: strings, maps, lists of strings and flags."""

from typing import Final

from envdplan.dialects.compose import sizes as composesizes
from envdplan.dialects.compose.paths import source
from envdplan.dialects.compose.target import Target, linked, scalars
from envdplan.dialects.compose.tree import Row, Scalar, strings
from envdplan.language.evaluation.problems import suggestion

_TEXTS: Final = {
    "dockerfile": "dockerfile",
    "dockerfile_inline": "dockerfile-inline",
    "network": "network",
    "target": "target",
}
_ULIMITS: Final = (
    "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc",
    "rss", "rtprio", "rttime", "sigpending", "stack",
)  # fmt: skip


def texts(target: Target) -> None:
    """Strings, and the size of shared memory. The context is the working directory by default."""
    build = target.build
    context = build.get("context") or Scalar(".", build.place)
    if isinstance(context, Scalar) and context.value:
        target.put(("context",), source(str(context.value), target.home), context.place)
    for name, attribute in _TEXTS.items():
        if text := build.text(name):
            target.put((attribute,), text, build.items[name].place)
    size = build.get("shm_size")
    if isinstance(size, Scalar) and isinstance(size.value, int) and size.value > 0:
        target.put(("shm-size",), composesizes.shown(size.value), size.place)


def arguments(target: Target) -> None:
    """Arguments; those without a value take it from the environment, or are left out."""
    for name, scalar in scalars(target.build.branch("args")):
        value = target.variables().get(name) if scalar.value is None else scalar.value
        if name.endswith(" "):
            detail = f'The argument "{name}" has a space before its equals sign. Remove the space.'
            target.diagnostics.error("Invalid name", detail, scalar.place)
        elif value is not None:
            target.put(("args", name), value, scalar.place)


def labels(target: Target) -> None:
    """Labels; one without a value is empty."""
    for name, scalar in scalars(target.build.branch("labels")):
        target.put(("labels", name), scalar.value or "", scalar.place)


def contexts(target: Target) -> None:
    """Named contexts; those of compose are stronger than those of x-bake."""
    for name, scalar in scalars(target.extension.branch("contexts")):
        target.put(("contexts", name), linked(str(scalar.value)), scalar.place)
    for name, scalar in scalars(target.build.branch("additional_contexts")):
        if scalar.value is None:
            detail = f'The context "{name}" has no value. Write {name}=PATH, or an address.'
            target.diagnostics.error("Missing value", detail, scalar.place)
            continue
        path = source(str(scalar.value), target.home)
        if path:
            target.put(("contexts", name), linked(path), scalar.place)


def hosts(target: Target) -> None:
    """Hosts with all of their addresses."""
    found: dict[str, dict[str, None]] = {}
    for scalar in strings(target.build.get("extra_hosts")):
        host, _, address = str(scalar.value).partition("=")
        found.setdefault(host, {})[address] = None
        target.put(("extra-hosts", host), ",".join(found[host]), scalar.place)


def lists(target: Target) -> None:
    """Tags, platforms, and the stages that are built without cache."""
    tags = _tags(target)
    if tags is not None:
        target.put_strings("tags", tags.items, tags.place)
    for name in ("platforms", "no-cache-filter"):
        items = (*target.build.row(name), *target.extension.row(name))
        if items:
            target.put_strings(name, items, items[0].place)


def _tags(target: Target) -> Row | None:
    """Tags; the name of the image when there are none."""
    items = (*target.build.row("tags"), *target.extension.row("tags"))
    image = target.service.get("image")
    if not items and image is not None and target.service.text("image"):
        return Row((image,), image.place)
    first = target.build.get("tags") or (items[0] if items else None)
    return None if first is None else Row(items, first.place)


def ulimits(target: Target) -> None:
    """Limits, sorted by name."""
    limits = target.build.branch("ulimits")
    if limits is None or not limits.items:
        return
    found = sorted((name, scalar.value) for name, scalar in scalars(limits))
    for name, _ in found:
        if name not in _ULIMITS:
            detail = f'There is no limit "{name}".{suggestion(name, _ULIMITS)}'
            target.diagnostics.error("Unknown limit", detail, limits.key(name))
    target.put(("ulimits",), [f"{name}={value}" for name, value in found], limits.place)


def flags(target: Target) -> None:
    """Flags; x-bake can switch off what is on, compose itself cannot."""
    for name, attribute in (("pull", "pull"), ("no_cache", "no-cache")):
        flag, stronger = target.build.get(name), target.extension.get(attribute)
        if isinstance(stronger, Scalar):
            target.put((attribute,), stronger.value, stronger.place)
        elif isinstance(flag, Scalar) and flag.value:
            target.put((attribute,), True, flag.place)
