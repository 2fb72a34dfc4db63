"""What was built has to be where it was sent: registries, engines and this machine are asked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from envdplan.clients.buildkit.request import SolveResult
from envdplan.core.state.observed import ImageFact, ImageFound, ImageMissing, Input
from envdplan.ground.diagnostics import Refused
from envdplan.ground.values import Attributes
from envdplan.resources.builds.engines import Engines
from envdplan.resources.builds.images import destinations
from envdplan.resources.builds.registries import Registries
from envdplan.resources.builds.results import Results
from envdplan.resources.builds.sources import Sources


@dataclass(frozen=True, slots=True)
class Confirming:
    """Nothing else counts as done: a builder's word for it may be wrong."""

    sources: Sources
    registries: Registries
    engines: Engines
    keep: Callable[[str, Iterable[Input]], None]
    """Keeps the lists of what was written to folders."""

    def pushed(self, tag: str, digest: str) -> None:
        """Raises Refused when the registry does not have `digest` under `tag`."""
        fact = self.registries.fact(tag)
        if isinstance(fact, ImageFound) and fact.digest == digest:
            return
        found = fact.digest if isinstance(fact, ImageFound) else "nothing"
        reason = getattr(fact, "reason", f"it has {found}")
        raise Refused(
            "Registry does not confirm the push",
            f"{tag} should be {digest or 'the pushed image'}, but {reason}. Somebody may have "
            "pushed at the same moment; plan again.",
        )

    def loaded(self, host: str | None, names: Iterable[str], inputs_digest: str) -> str | None:
        """The engine's id of a loaded image; None without names.

        Raises Refused when the engine knows nothing, or an image of other inputs, by one of them.
        """
        found: str | None = None
        for name in names:
            fact = self.engines.fact(host, name)
            if isinstance(fact, ImageMissing) or _is_another(fact, inputs_digest):
                what = "nothing" if isinstance(fact, ImageMissing) else "another image"
                raise Refused(
                    "Engine does not have the image",
                    f"{name} should be the new image, but the Docker Engine has {what} of that "
                    "name. Somebody may have changed it at the same moment; plan again.",
                )
            if isinstance(fact, ImageFound) and found is None:
                found = fact.digest
        return found

    def written(self, attributes: Attributes, made: SolveResult) -> dict[str, str | None]:
        """The signatures of what lies at each destination."""
        results = Results(self.sources)
        return {
            path: results.made(path, made.written.get(path), self.keep)
            for path in destinations(attributes)
        }


def _is_another(fact: ImageFact, digest: str) -> bool:
    """Whether an image says that it is of other inputs; not every frontend lets it say any."""
    return isinstance(fact, ImageFound) and fact.inputs_digest not in (None, digest)
