"""Objects, their versions, and the log of changes that watches read."""

import asyncio
import copy
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from envdplan.testing.kubernetes.kinds import Kind

Object = dict[str, Any]
Change = tuple[int, str, str, str, Object]
"""Version, type, kind, namespace, and the object as it was then."""


def now() -> str:
    """The time as objects state it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Storage:
    """All objects of a cluster. Used by one event loop only; what it returns are copies."""

    def __init__(self) -> None:
        self.version = 1000
        self.log: list[Change] = []
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._changed = asyncio.Event()

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """One object."""
        return copy.deepcopy(self._objects.get((kind.plural, namespace, name)))

    def list(self, kind: Kind, namespace: str | None) -> Iterator[Object]:
        """All of a kind, in one namespace or (None) in all."""
        for (plural, space, _), one in sorted(self._objects.items(), key=lambda item: item[0]):
            if plural == kind.plural and namespace in (None, space):
                yield copy.deepcopy(one)

    def new(self, kind: Kind, body: Object) -> Object:
        """`body` with what the server gives each new object; not stored yet."""
        metadata = {**body.get("metadata", {}), "uid": str(uuid.uuid4())}
        metadata["creationTimestamp"] = now()
        if kind.has_spec:
            metadata["generation"] = 1
        return {**body, "apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}

    def put(self, kind: Kind, body: Object) -> Object:
        """Store it; nothing happens when nothing changed."""
        key = self._key(kind, body)
        before = self._objects.get(key)
        if before is not None and _same(before, body):
            return copy.deepcopy(before)
        self.version += 1
        stored = copy.deepcopy(body)
        stored["metadata"]["resourceVersion"] = str(self.version)
        self._objects[key] = stored
        self._tell("ADDED" if before is None else "MODIFIED", kind, stored)
        return copy.deepcopy(stored)

    def remove(self, kind: Kind, body: Object) -> None:
        """Take it away."""
        stored = self._objects.pop(self._key(kind, body), None)
        if stored is not None:
            self.version += 1
            last = copy.deepcopy(stored)
            last["metadata"]["resourceVersion"] = str(self.version)
            self._tell("DELETED", kind, last)

    async def changes(
        self, kind: Kind, namespace: str | None, since: int, seconds: float
    ) -> AsyncIterator[Change]:
        """What changes after the version `since`, for so many seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        place = 0
        while True:
            for change in self.log[place:]:
                version, _, plural, space, _ = change
                if version > since and plural == kind.plural and namespace in (None, space):
                    yield change
            place = len(self.log)
            left = deadline - loop.time()
            if left <= 0:
                return
            await self.wait(left)

    async def wait(self, seconds: float) -> None:
        """Until something changes, or for so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    def _tell(self, type: str, kind: Kind, body: Object) -> None:
        space = body["metadata"].get("namespace", "")
        self.log.append((self.version, type, kind.plural, space, copy.deepcopy(body)))
        self._changed.set()
        self._changed = asyncio.Event()

    def _key(self, kind: Kind, body: Object) -> tuple[str, str, str]:
        metadata = body["metadata"]
        space = metadata.get("namespace", "") if kind.namespaced else ""
        return kind.plural, space, metadata["name"]


def _same(before: Object, after: Object) -> bool:
    return _bare(before) == _bare(after)


def _bare(one: Object) -> Object:
    """Without what the server itself writes at each change."""
    skipped = ("resourceVersion", "managedFields")
    metadata = {name: value for name, value in one["metadata"].items() if name not in skipped}
    owners = [
        {name: value for name, value in entry.items() if name != "time"}
        for entry in one["metadata"].get("managedFields") or ()
    ]
    return {**one, "metadata": {**metadata, "managedFields": owners}}
