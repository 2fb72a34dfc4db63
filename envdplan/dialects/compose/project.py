"""Files to one project: read, extended, and laid over each other in their order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from envdplan.dialects.compose.check import Check
from envdplan.dialects.compose.env import PROJECT_NAME, Open
from envdplan.dialects.compose.extends import Extending
from envdplan.dialects.compose.interpolate import Interpolation
from envdplan.dialects.compose.load import Parsed, load, parsed
from envdplan.dialects.compose.merge import merged, without
from envdplan.dialects.compose.moving import moved_all
from envdplan.dialects.compose.paths import folder_of
from envdplan.dialects.compose.service import Canonical
from envdplan.dialects.compose.tree import Branch, ComposeDocument, Scalar
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile


@dataclass(slots=True)
class Loading:
    """Loads the files of a project; `variables` gets its name."""

    variables: dict[str, str]
    open: Open
    diagnostics: Diagnostics
    _elsewhere: dict[str, ComposeDocument | None] = field(default_factory=dict)

    @property
    def home(self) -> str:
        """The folder that ~ stands for."""
        return self.variables.get("HOME") or "~"

    def read(self, files: Sequence[SourceFile]) -> Branch | None:
        """The merged project; None when there is nothing in any file."""
        sources = [parsed(file) for file in files]
        for source in sources:
            name = source.name(self._interpolation())
            self.variables[PROJECT_NAME] = name or self.variables[PROJECT_NAME]
        project: Branch | None = None
        for source in sources:
            for document in self._documents(source):
                complete = Extending(document, self._other, self.diagnostics).resolved()
                project = self._over(project, document, complete)
        return project

    def _over(self, project: Branch | None, document: ComposeDocument, complete: Branch) -> Branch:
        if project is None:
            return complete
        return merged(without(project, document.resets), complete, self.diagnostics)

    def _interpolation(self) -> Interpolation:
        return Interpolation(self.variables.get, lambda: list(self.variables))

    def _documents(self, source: Parsed) -> list[ComposeDocument]:
        """The documents of a file in canonical form."""
        found = load(source, self._interpolation())
        self.diagnostics.extend(source.reader.diagnostics)
        canonical = Canonical(Check(self.diagnostics))
        return [ComposeDocument(canonical.document(one.root), one.resets) for one in found]

    def _other(self, path: Scalar) -> ComposeDocument | None:
        """The document in a file that a service extends, read once."""
        name = str(path.value)
        if name not in self._elsewhere:
            self._elsewhere[name] = self._opened(path)
        return self._elsewhere[name]

    def _opened(self, path: Scalar) -> ComposeDocument | None:
        file = self.open(str(path.value))
        if file is None:
            detail = (
                f"There is no file {path.value}, which a service extends. "
                "Paths in extends start in the working directory."
            )
            self.diagnostics.error("Missing file", detail, path.place)
            return None
        documents = self._documents(parsed(file))
        if not documents:
            return None
        root = documents[0].root
        for document in documents[1:]:
            root = merged(without(root, document.resets), document.root, self.diagnostics)
        resets = tuple(reset for document in documents for reset in document.resets)
        return ComposeDocument(moved_all(root, folder_of(str(path.value))), resets)
