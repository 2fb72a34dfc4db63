"""One connection pool and one set of credentials for all registries of a run."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from envdplan.clients.registry.answers import Existence, Found, Missing, Unclear
from envdplan.clients.registry.manifests import INDEX_TYPES, Descriptor
from envdplan.core.state.observed import Cause, ImageFact, ImageFound, ImageMissing, ImageUnclear
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.imagenames import ImageReference, InvalidReference, parse_reference
from envdplan.ground.silence import Silence
from envdplan.ground.together import together
from envdplan.resources.builds.images import LABEL

_AT_ONCE: Final = 8
_GONE: Final = Missing()

if TYPE_CHECKING:
    from envdplan.clients.buildkit.session.services import Services
    from envdplan.clients.registry.credentials import DockerCredentials
    from envdplan.clients.registry.writer import RegistryWriter


@dataclass
class Registries:
    """Answers as facts: a registry that gives no answer never means that an image is gone."""

    environment: Mapping[str, str] = field(repr=False)
    silence: Silence = field(default_factory=Silence)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _whole: set[str] = field(default_factory=set)
    """Indexes, by digest, of which all manifests are there."""

    @cached_property
    def credentials(self) -> "DockerCredentials":
        """Logins as Docker keeps them."""
        from envdplan.clients.registry.credentials import DockerCredentials

        return DockerCredentials(self.environment, silence=self.silence)

    @property
    def writer(self) -> "RegistryWriter":
        """Reads and writes."""
        with self._lock:  # cached_property alone would let every thread make one
            return self._writer

    @cached_property
    def _writer(self) -> "RegistryWriter":
        from envdplan.clients.registry.transport import Transport
        from envdplan.clients.registry.writer import RegistryWriter

        return RegistryWriter(
            Transport(environment=self.environment, silence=self.silence), self.credentials
        )

    def auth(self, is_named: Callable[[str], bool], refused: Callable[[str], None]) -> "Services":
        """The service that logs a builder in to registries that are named.

        `refused` hears the host of each other one that it asked for.
        """
        from envdplan.clients.buildkit.session.auth import registry_auth
        from envdplan.clients.registry.credentials import NamedCredentials, TokenSeeds
        from envdplan.clients.registry.credentials.docker import docker_directory

        seeds = TokenSeeds(docker_directory(self.environment))
        named = NamedCredentials(self.credentials, is_named, refused)
        return registry_auth(named, self.writer, seeds)

    def fact(self, ref: str, *, inputs: bool = False) -> ImageFact:
        """What is at `ref`; with `inputs`, what its image was built from, too."""
        reference = parse(ref)
        answer = self.writer.head(reference)
        if isinstance(answer, Found):
            damage = self._damage(reference.at_digest(answer.digest), answer.media_type)
            if damage is not None:
                return damage
            label = self._label(reference.at_digest(answer.digest)) if inputs else None
            return ImageFound(answer.digest, label)
        if isinstance(answer, Missing):
            return ImageMissing()
        return _unclear(reference, answer)

    def _damage(self, index: ImageReference, media_type: str) -> ImageFact | None:
        """Why an index is no image: a registry may collect what it names, and keep its tag.

        Attestations count as well: a build that was asked for them has them in its image. What was
        whole once is not asked for again in a run.
        """
        if media_type not in INDEX_TYPES or str(index) in self._whole:
            return None
        try:
            entries = [one for one in self.writer.manifest(index).entries if not one.is_foreign]
        except EnvdplanError as error:
            return _unclear(index, Unclear(error.detail or error.summary, error.summary))
        found = self._heads([index.at_digest(one.digest) for one in entries])
        lost = [one for one, is_there in zip(entries, found, strict=True) if is_there == _GONE]
        if lost:
            return ImageMissing(tuple(map(_named, lost)))
        unclear = next((one for one in found if isinstance(one, Unclear)), None)
        if unclear is not None:
            return _unclear(index, unclear)
        self._whole.add(str(index))
        return None

    def _heads(self, references: Sequence[ImageReference]) -> list[Existence]:
        return together(self.writer.head, references, _AT_ONCE, "heads")

    def _label(self, reference: ImageReference) -> str | None:
        try:
            found = self.writer.config_labels(reference).get(LABEL)
            # What envd builds, or several builders together, can only be annotated.
            return found or self.writer.manifest(reference).annotations.get(LABEL)
        except EnvdplanError:
            return None  # then nothing is known of its inputs, which is safe


def _unclear(reference: ImageReference, answer: Unclear) -> ImageUnclear:
    cause = Cause(answer.summary, answer.reason, about=reference.host)
    return ImageUnclear(answer.reason, cause)


def _named(entry: Descriptor) -> str:
    what = "an attestation" if entry.is_attestation else entry.platform or "a manifest"
    return f"{what} ({entry.digest})"


def parse(ref: str) -> ImageReference:
    """The reference. Raises EnvdplanError when `ref` names no image."""
    try:
        return parse_reference(ref)
    except InvalidReference as error:
        raise EnvdplanError("Invalid image name", str(error)) from None
