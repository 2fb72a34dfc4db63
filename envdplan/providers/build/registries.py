"""One connection pool and one set of credentials for all registries of a run."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from envdplan.diagnostics import EnvdplanError
from envdplan.imagenames import ImageReference, InvalidReference, parse_reference
from envdplan.providers.build.images import LABEL
from envdplan.states.observed import Cause, ImageFact, ImageFound, ImageMissing, ImageUnclear

if TYPE_CHECKING:
    from envdplan.buildkit.services import Services
    from envdplan.credentials import DockerCredentials
    from envdplan.registry.writer import RegistryWriter


@dataclass
class Registries:
    """Answers as facts: a registry that gives no answer never means that an image is gone."""

    environment: Mapping[str, str] = field(repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def credentials(self) -> "DockerCredentials":
        """Logins as Docker keeps them."""
        from envdplan.credentials import DockerCredentials

        return DockerCredentials(self.environment)

    @property
    def writer(self) -> "RegistryWriter":
        """Reads and writes."""
        with self._lock:  # cached_property alone would let every thread make one
            return self._writer

    @cached_property
    def _writer(self) -> "RegistryWriter":
        from envdplan.registry.transport import Transport
        from envdplan.registry.writer import RegistryWriter

        return RegistryWriter(Transport(environment=self.environment), self.credentials)

    def auth(self) -> "Services":
        """The service that logs a builder in."""
        from envdplan.buildkit.auth import registry_auth
        from envdplan.credentials import TokenSeeds
        from envdplan.credentials.docker import docker_directory

        seeds = TokenSeeds(docker_directory(self.environment))
        return registry_auth(self.credentials, self.writer, seeds)

    def fact(self, ref: str, *, inputs: bool = False) -> ImageFact:
        """What is at `ref`; with `inputs`, what its image was built from, too."""
        from envdplan.registry.answers import Found, Missing

        reference = parse(ref)
        answer = self.writer.head(reference)
        if isinstance(answer, Found):
            label = self._label(reference.at_digest(answer.digest)) if inputs else None
            return ImageFound(answer.digest, label)
        if isinstance(answer, Missing):
            return ImageMissing()
        cause = Cause(answer.summary, answer.reason, about=reference.host)
        return ImageUnclear(answer.reason, cause)

    def _label(self, reference: ImageReference) -> str | None:
        try:
            found = self.writer.config_labels(reference).get(LABEL)
            # What envd builds, or several builders together, can only be annotated.
            return found or self.writer.manifest(reference).annotations.get(LABEL)
        except EnvdplanError:
            return None  # then nothing is known of its inputs, which is safe


def parse(ref: str) -> ImageReference:
    """The reference. Raises EnvdplanError when `ref` names no image."""
    try:
        return parse_reference(ref)
    except InvalidReference as error:
        raise EnvdplanError("Not an image name", str(error)) from None
