"""What only the whole project shows: names that nothing has, and services that are nothing."""

from dataclasses import dataclass

from envdplan.dialects.compose.target import scalars, target_name
from envdplan.dialects.compose.tree import Branch, Scalar, strings
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceRange
from envdplan.language.evaluation.problems import suggestion


@dataclass(frozen=True, slots=True)
class Consistency:
    """Checks of a merged project."""

    services: Branch
    secrets: Branch
    diagnostics: Diagnostics

    def check(self) -> None:
        """Tell of all that does not fit together."""
        for name in self.services.items:
            service = self.services.branch(name)
            if service is not None:
                self._service(name, service)
        for name in self.secrets.items:
            self._secret(name, self.secrets.branch(name))
        self._names()

    def _service(self, name: str, service: Branch) -> None:
        build = service.branch("build")
        if build is not None:
            self._two_dockerfiles(name, build)
            self._secrets_of(name, build)
            self._contexts_of(name, build)
        elif not service.text("image"):
            detail = f'The service "{name}" has neither a build nor an image. Give it one.'
            self.diagnostics.error("Nothing to build or run", detail, self.services.key(name))

    def _two_dockerfiles(self, name: str, build: Branch) -> None:
        if build.text("dockerfile") and build.text("dockerfile_inline"):
            detail = (
                f'The service "{name}" has a dockerfile, at {build.key("dockerfile")}, and a '
                "dockerfile_inline. Only one of them can be built: remove the other."
            )
            self.diagnostics.error("Two Dockerfiles", detail, build.key("dockerfile_inline"))

    def _secrets_of(self, name: str, build: Branch) -> None:
        for scalar in strings(build.get("secrets")):
            if scalar.value not in self.secrets.items:
                near = suggestion(str(scalar.value), self.secrets.items)
                detail = (
                    f'The build of "{name}" uses the secret "{scalar.value}", which secrets do '
                    f"not declare.{near}"
                )
                self.diagnostics.error("Unknown secret", detail, scalar.place)

    def _contexts_of(self, name: str, build: Branch) -> None:
        for key, scalar in scalars(build.branch("additional_contexts")):
            kind, _, other = str(scalar.value).partition(":")
            if kind == "service":
                self._context(f'The context "{key}" of "{name}"', other, scalar.place)

    def _context(self, what: str, other: str, place: SourceRange) -> None:
        service = self.services.branch(other)
        if service is None:
            near = suggestion(other, self.services.items)
            detail = f'{what} is the service "{other}", which does not exist.{near}'
            self.diagnostics.error("Unknown service", detail, place)
        elif service.branch("build") is None:
            detail = (
                f'{what} is the service "{other}", which has no build. '
                "Name its image instead: docker-image://IMAGE."
            )
            self.diagnostics.error("Nothing to build", detail, place)

    def _secret(self, name: str, secret: Branch | None) -> None:
        external = secret.get("external") if secret is not None else None
        if secret is None or (isinstance(external, Scalar) and external.value):
            return
        if not secret.text("file") and not secret.text("environment"):
            detail = f'The secret "{name}" needs a file or an environment, where its value is.'
            self.diagnostics.error("Secret without a source", detail, self.secrets.key(name))

    def _names(self) -> None:
        taken: dict[str, str] = {}
        for name in self.services.items:
            other = taken.setdefault(target_name(name), name)
            if other != name:
                detail = (
                    f'The services "{other}" and "{name}" would both be the target '
                    f'"{target_name(name)}", as targets have no dots. Rename one of them.'
                )
                self.diagnostics.error("Same target twice", detail, self.services.key(name))
