"""What a build will need at its end is looked at before the first one begins."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from envdplan.clients.buildkit.request import SecretSource, SshAgent
from envdplan.core.plan.changes import Change, Work
from envdplan.core.plan.names import pushed_names
from envdplan.ground.diagnostics import EnvdplanError, Interrupted
from envdplan.ground.imagenames import parse_reference, repository_of
from envdplan.ground.values import Attributes, is_known, reveal
from envdplan.resources.builds.registries import Registries

_PUSHES: Final = frozenset({Work.PUSH, Work.RETAG})


@dataclass(slots=True)
class Readiness:
    """Asks each registry once for each repository, whoever pushes there."""

    registries: Registries
    environment: Mapping[str, str] = field(repr=False)
    _known: dict[str, EnvdplanError | None] = field(default_factory=dict)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)

    def check(self, change: Change) -> None:
        """Raises EnvdplanError, which says what `change` lacks."""
        found = list(self._lacking(change, change.after or {}))
        if found:
            lacks = " ".join(one.detail for one in found)
            detail = f"{change.address} would fail, so nothing was begun. {lacks}"
            raise EnvdplanError(found[0].summary, detail)

    def _lacking(self, change: Change, after: Attributes) -> Iterator[EnvdplanError]:
        """All of it, so that nobody has to apply once for each."""
        looks = [partial(self._check_push, one) for one in _repositories(change, after)]
        for look in [*(self._sources(after) if Work.BUILD in change.work else ()), *looks]:
            try:
                look()
            except Interrupted:
                raise
            except EnvdplanError as error:
                yield error

    def _sources(self, after: Attributes) -> Iterator[Callable[[], object]]:
        from envdplan.clients.buildkit.session.secrets import check_source
        from envdplan.clients.buildkit.session.sshagents import opener

        for secret in _secrets(after):
            yield partial(check_source, secret, self.environment)
        for agent in _agents(after):
            yield partial(opener, agent, self.environment)

    def _check_push(self, repository: str) -> None:
        with self._locks.setdefault(repository, threading.Lock()):
            if repository not in self._known:
                self._known[repository] = self._refusal(repository)
        if (refusal := self._known[repository]) is not None:
            raise refusal

    def _refusal(self, repository: str) -> EnvdplanError | None:
        try:
            self.registries.writer.check_push(parse_reference(repository))
        except EnvdplanError as error:
            detail = f"It could not push to {repository}: {error.detail}"
            return EnvdplanError(error.summary, detail)
        return None


def _repositories(change: Change, after: Attributes) -> Iterator[str]:
    """Those that it pushes to, and those of caches that it writes to the same registries."""
    if not _PUSHES & {*change.work}:
        return
    names = [*(change.tags or pushed_names(after)), *_caches(after)]
    pushed = {parse_reference(one).host for one in change.tags or pushed_names(after)}
    for name in dict.fromkeys(repository_of(one) for one in names):
        if parse_reference(name).host in pushed:
            yield name


def _caches(after: Attributes) -> Iterator[str]:
    caches = after.get("export_cache")
    for one in caches if isinstance(caches, tuple) else ():
        ref = reveal(one.get("ref"))
        if one.get("type") == "registry" and isinstance(ref, str):
            yield ref


def _secrets(after: Attributes) -> Iterator[SecretSource]:
    """Those that are read from somewhere; what a configuration computes is there."""
    for one in _known_items(after, "secret"):
        if one.get("env") or one.get("file"):
            yield SecretSource(str(one["id"]), one.get("env"), one.get("file"))


def _agents(after: Attributes) -> Iterator[SshAgent]:
    for one in _known_items(after, "ssh"):
        yield SshAgent(str(one["id"]), tuple(one.get("paths") or ()))


def _known_items(after: Attributes, name: str) -> Iterator[Attributes]:
    items = reveal(after.get(name))
    for one in items if isinstance(items, tuple) else ():
        places = {key: value for key, value in one.items() if key != "value"}
        if is_known(places):
            yield places
