"""Images in folders of this machine (the OCI image layout), which a build may read.

Only what is declared is served, and nothing can be written to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envdplan.clients.buildkit.session.localcache import manifest_digests
from envdplan.ground.diagnostics import EnvdplanError


@dataclass(frozen=True, slots=True)
class OciLayout:
    """One image: `location` is DIR[:TAG][@DIGEST]; the builder knows its folder as `store`."""

    store: str
    location: str

    @property
    def directory(self) -> Path:
        """The folder."""
        return Path(self._parts[0])

    def digest(self) -> str:
        """The digest of the image. Raises EnvdplanError when there is no such image."""
        directory, tag, digest = self._parts
        if digest:
            return digest
        known = manifest_digests(Path(directory))
        if tag in known:
            return known[tag]
        if len(set(known.values())) == 1:
            return next(iter(known.values()))  # there is no other, whatever it is called
        raise self._missing(known)

    def pinned(self) -> str:
        """The image as frontends name it: STORE[:TAG]@DIGEST."""
        return f"{self.store}:{self._parts[1]}@{self.digest()}"

    @property
    def _parts(self) -> tuple[str, str, str]:
        rest, _, digest = self.location.partition("@")
        folder, slash, last = rest.rpartition("/")
        name, _, tag = last.partition(":")
        return f"{folder}{slash}{name}", tag or "latest", digest

    def _missing(self, known: Mapping[str, str]) -> EnvdplanError:
        directory, tag, _ = self._parts
        if not Path(directory, "index.json").is_file():
            return EnvdplanError(
                "OCI layout not found",
                f"{directory} has no index.json. An output of type oci with tar = false makes one.",
            )
        names = ", ".join(known) or "none"
        return EnvdplanError(
            "Image not found in the OCI layout",
            f"{directory} has no image with the tag {tag} (there are: {names}). Write "
            "oci-layout://DIR:TAG or oci-layout://DIR@DIGEST.",
        )
