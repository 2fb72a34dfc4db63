"""Mends a store that envd cannot read: keeps the broken file, saves what can be read of it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from envdplan.clients.envd.contextfile import encode, interpret
from envdplan.clients.envd.contexts import DEFAULT, ContextSet
from envdplan.clients.envd.contexttypes import DEFINITIONS, check_types
from envdplan.clients.envd.gob import read_partial
from envdplan.clients.envd.gobwire import CorruptGob
from envdplan.clients.envd.lock import exclusive
from envdplan.clients.envd.store import lock_path, read_patiently
from envdplan.clients.envd.storefile import copy_store, read_store, replace_store
from envdplan.ground.diagnostics import Conflict


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was done. `kept` is None when there was nothing to repair.

    `salvaged` counts the contexts that came from the broken file; with none, the store holds
    envd's default. `reason` is what envd's decoder had to say.
    """

    path: Path
    contexts: ContextSet
    kept: Path | None = None
    salvaged: int = 0
    reason: str = ""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def repair(
    path: Path,
    *,
    now: Callable[[], datetime] = _utc_now,
    patience: float = 1.0,
    lock_timeout: float = 10.0,
) -> Repaired:
    """Make the store `path` readable again, if it is not; the broken file is kept beside it.

    Raises Conflict when the lock is held or the store changes meanwhile, EnvdplanError when it
    cannot be written, CorruptFile when it is no file that could be mended.
    """
    real = Path(os.path.realpath(path))
    data = read_store(real)
    if data is None or _damage(real, patience) is None:
        return _healthy(path, real, patience)
    with exclusive(lock_path(real), timeout=lock_timeout):
        damage = _damage(real, patience)
        data = read_store(real)
        if damage is None or data is None:
            return _healthy(path, real, patience)
        return _mend(path, real, data, damage, now())


def _damage(real: Path, patience: float) -> CorruptGob | None:
    try:
        read_patiently(lambda: read_store(real), patience)
    except CorruptGob as error:
        return error
    return None


def _healthy(path: Path, real: Path, patience: float) -> Repaired:
    _, decoded = read_patiently(lambda: read_store(real), patience)
    return Repaired(path, decoded.contexts)


def _mend(path: Path, real: Path, data: bytes, damage: CorruptGob, now: datetime) -> Repaired:
    kept = _keep(real, data, now)
    saved = salvage(data)
    contexts = saved or DEFAULT
    if not replace_store(real, encode(contexts), unless=lambda: read_store(real) != data):
        raise Conflict(
            "envd's context store changed during the repair",
            f"Another process wrote {path}. Its broken content was kept as {kept}. Look at the "
            "store, and repair it again if it is still broken.",
        )
    salvaged = len(saved.contexts) if saved else 0
    return Repaired(path, contexts, kept, salvaged, damage.reason)


def _keep(real: Path, data: bytes, now: datetime) -> Path:
    name = f"{real.name}.broken-{now:%Y%m%dT%H%M%SZ}"
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(kept for kept in map(real.with_name, names) if copy_store(data, kept, like=real))


def salvage(data: bytes) -> ContextSet | None:
    """The contexts that stand whole in the broken bytes `data`; None when there are none.

    Where the current one is lost, the context `default`, or else the first, becomes current.
    """
    # Where the definitions are damaged, the ones that every envd 1.x writes may still fit.
    for candidate in (data, DEFINITIONS + data[len(DEFINITIONS) :]):
        saved = _whole_contexts(candidate)
        if saved is not None:
            return saved
    return None


def _whole_contexts(data: bytes) -> ContextSet | None:
    try:
        stream = read_partial(data, check_types)
        contexts = interpret(stream).contexts
    except CorruptGob:
        return None
    if not isinstance(stream.value, dict) or not stream.value.get("Contexts"):
        return None
    return _storable(contexts)


def _storable(contexts: ContextSet) -> ContextSet:
    usable = replace(
        contexts,
        contexts=tuple(
            replace(one, runner_address=one.runner_address or None) for one in contexts.contexts
        ),
    )
    if usable.find(usable.current) is not None and usable.current:
        return usable
    names = [one.name for one in usable.contexts]
    current = DEFAULT.current if DEFAULT.current in names else names[0]
    return replace(usable, current=current or DEFAULT.current)
