"""How containers follow each other under one name, also after an apply that was killed.

An engine finishes what a killed process had asked for, and the name in such a late request may be
another container's by then. So what changes a container is told its id, and when a name turns out
to be taken, or a container to be called otherwise, the engine is asked what happened.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from envdplan.ground.diagnostics import Conflict, EnvdplanError
from envdplan.resources.builders.ownership import Mark, Owner

if TYPE_CHECKING:
    from envdplan.clients.docker.container import ContainerInfo, ContainerSpec
    from envdplan.clients.docker.engine import Engine

_OLD: Final = "-envdplan-old"
"""Ends the name of a container while its successor is made."""

_ATTEMPTS: Final = 5
_PAUSE: Final = 0.1
_PATIENCE: Final = 30.0
"""Seconds that a removal by somebody else may take."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Succession:
    """The containers that a builder's name is given to, one after the other."""

    engine: "Engine"
    name: str
    owner: Owner

    @property
    def old_name(self) -> str:
        """What the predecessor is called until the new one is ready."""
        return self.name + _OLD

    def holder(self) -> "ContainerInfo | None":
        """The container that has the name now."""
        return self._called(self.name)

    def is_unfinished(self) -> bool:
        """Whether an update was killed before it could tidy up."""
        return self._old() is not None

    def owns(self, found: "ContainerInfo") -> bool:
        """Whether a container carries the mark of this builder, or was taken over."""
        return self.owner.owns(found.id, Mark.of_labels(found.spec.labels))

    def own(self, found: "ContainerInfo") -> "ContainerInfo":
        """A container that may be changed. Raises Conflict when it is somebody else's."""
        if self.owns(found):
            return found
        raise Conflict(
            "Container name is taken",
            f'The container "{found.name}" carries no mark of this state: somebody else created '
            "it, and it was not touched. Plan again.",
        )

    def _old(self) -> "ContainerInfo | None":
        """The predecessor of an update that was killed."""
        found = self._called(self.old_name)
        return found if found is not None and self.owns(found) else None

    def _called(self, name: str) -> "ContainerInfo | None":
        """The container of that very name: engines also take the beginning of an id for one."""
        found = self.engine.containers.inspect(name)
        return found if found is not None and found.name == name else None

    # -- after a killed update

    def tidy(self) -> "tuple[ContainerInfo | None, bool]":
        """The container with the name, and whether a killed update had left two.

        Of two the one that works stays. Raises Conflict when the name is somebody else's.
        """
        found = self._again(self._tidy)
        if (holder := self.holder()) is None:  # a late request may have taken its name just now
            found = self._again(self._tidy) or found
            holder = self.holder()
        return holder if holder is None else self.own(holder), found

    def _tidy(self) -> bool:
        old = self._old()
        if old is None:
            return False
        new = self.holder()
        if new is not None:
            self.own(new)
        if new is not None and new.id == old.id:
            return True  # a late request has just brought it back
        if new is not None and new.state == "running":
            self.remove(old.id)
            return True
        if new is not None:
            self.remove(new.id)
        self._rename(old.id, self.name)
        return True

    def clear(self) -> None:
        """Remove what has the name, and what a killed update left. Raises Conflict as `tidy`."""
        if (holder := self.holder()) is not None:
            self.remove(self.own(holder).id)
        if (old := self._old()) is not None:
            self.remove(old.id)

    # -- one after the other

    def step_aside(self, holder: "ContainerInfo") -> None:
        """Give the name free, and stop."""
        self._rename(holder.id, self.old_name)
        self.engine.containers.stop(holder.id)

    def come_back(self, old: "ContainerInfo") -> None:
        """Undo step_aside. Raises Conflict when the name is somebody else's by now."""
        if self.engine.containers.inspect(old.id) is None:
            return  # it was made with --rm
        self._rename(old.id, self.name)
        if old.state == "running":
            self.engine.containers.start(old.id)

    def create(self, spec: "ContainerSpec", old: "ContainerInfo | None") -> str:
        """The id of a new container with the name. Raises Conflict when it cannot have it."""
        return self._again(lambda: self._create(spec, old))

    def _create(self, spec: "ContainerSpec", old: "ContainerInfo | None") -> str:
        holder = self.holder()
        if holder is not None and old is not None and holder.id == old.id:
            self._rename(old.id, self.old_name)  # a late request had brought it back
        elif holder is not None and holder.state == "created" and self.owns(holder):
            self.remove(holder.id)  # made for a killed process, and never started
        return self.engine.containers.create(self.name, spec).id

    def confirm(self, id: str) -> None:
        """Hold that the name is that of the container `id`. Raises Conflict."""
        holder = self.holder()
        if holder is None or holder.id != id:
            raise Conflict(
                "Container was replaced meanwhile",
                f'Another program has taken the name "{self.name}" while its container was made. '
                "Plan again.",
            )

    def remove(self, id: str) -> None:
        """Stop and remove, until it is gone; by its id, as the name may be somebody else's."""
        info = self.engine.containers.inspect(id)
        if info is None:
            return
        try:
            if info.state in ("running", "restarting"):
                self.engine.containers.stop(info.id)
            self.engine.containers.remove(info.id, force=True)
        except EnvdplanError as error:
            # A Conflict is a removal that goes on already.
            if not self._gone(info.id, _PATIENCE if isinstance(error, Conflict) else 0):
                raise

    def _gone(self, id: str, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while self.engine.containers.inspect(id) is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
        return True

    def _rename(self, id: str, name: str) -> None:
        try:
            self.engine.containers.rename(id, name)
        except EnvdplanError:
            info = self.engine.containers.inspect(id)
            if info is None or info.name != name:  # else a late request was faster
                raise

    def _again(self, step: Callable[[], _T]) -> _T:
        """Repeat a step that found a name taken; it looks anew who has it."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return step()
            except Conflict:
                time.sleep(_PAUSE)
        return step()
