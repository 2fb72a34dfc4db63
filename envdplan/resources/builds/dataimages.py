"""What images are: the answers to `data "image"` and `digest()`, each asked once per command."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envdplan.ground.diagnostics import EnvdplanError, Unreachable
from envdplan.ground.silence import Silence
from envdplan.ground.values import Value

if TYPE_CHECKING:
    from envdplan.clients.registry.reader import RegistryReader
    from envdplan.ground.imagenames import ImageReference


@dataclass
class Images:
    """Looks into registries with the logins of the user; any thread may ask."""

    environment: Mapping[str, str] = field(repr=False)
    silence: Silence = field(default_factory=Silence)
    _known: dict[str, Value] = field(default_factory=dict)
    _reader: "RegistryReader | None" = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, ref: str) -> Value:
        """`{ref, digest, pinned, platforms, created}` of an image.

        Raises EnvdplanError when there is none, and Unreachable when nobody tells.
        """
        with self._lock:
            if ref not in self._known:
                self._known[ref] = self._image(ref)
            return self._known[ref]

    def _image(self, ref: str) -> Value:
        from envdplan.clients.registry.answers import Found, Missing
        from envdplan.resources.builds.registries import parse

        reference = parse(ref)
        answer = self._registry.head(reference)
        if isinstance(answer, Missing):
            raise EnvdplanError(
                "Image not found", f"{reference} does not exist. Check its name and tag."
            )
        if not isinstance(answer, Found):
            raise Unreachable("Registry gave no answer", answer.reason)
        return _described(ref, reference.at_digest(answer.digest), self._registry)

    @property
    def _registry(self) -> "RegistryReader":
        from envdplan.clients.registry.credentials import DockerCredentials
        from envdplan.clients.registry.reader import RegistryReader
        from envdplan.clients.registry.transport import Transport

        if self._reader is None:
            transport = Transport(environment=self.environment, silence=self.silence)
            self._reader = RegistryReader(
                transport, DockerCredentials(self.environment, silence=self.silence)
            )
        return self._reader


def _described(ref: str, pinned: "ImageReference", registry: "RegistryReader") -> Value:
    created = registry.config(pinned).get("created")
    return {
        "created": created if isinstance(created, str) else None,
        "digest": pinned.digest,
        "pinned": str(pinned),
        "platforms": tuple(sorted(registry.platforms(pinned))),
        "ref": ref,
    }
