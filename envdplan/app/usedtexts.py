"""What loading a project takes from beyond its own files, noted and given again.

A saved plan holds it, so that apply evaluates just what was planned, whatever became of the files.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from envdplan.app.workflow import Dialect, Project
from envdplan.core.plan.planfile import ModuleTexts
from envdplan.ground.diagnostics import CorruptFile
from envdplan.ground.source import SourceFile
from envdplan.language.configuration.modules import Read, Texts

if TYPE_CHECKING:
    from envdplan.ground.diagnostics import Diagnostics
    from envdplan.language.evaluation.context import Context
    from envdplan.language.syntax.document import Document

_CONVERTED: Final = "planned.envdplan.hcl"


@dataclass(slots=True)
class UsedTexts:
    """Notes what is read while a project is loaded."""

    modules: dict[tuple[str, str], Texts] = field(default_factory=dict)
    """By the source, and the directory of the file that states it."""
    documents: "list[Document]" = field(default_factory=list)
    """What the files of another tool mean."""

    def noting(self, project: Project) -> Project:
        """`project`, whose loading is noted here."""
        dialect = project.dialect
        return replace(
            project,
            modules=self._modules(project.modules),
            dialect=None if dialect is None else self._dialect(dialect),
        )

    def module_texts(self) -> tuple[ModuleTexts, ...]:
        """The modules as a saved plan holds them."""
        return tuple(
            ModuleTexts(source, caller, texts.directory, texts.files)
            for (source, caller), texts in self.modules.items()
        )

    def converted(self) -> tuple[SourceFile, ...]:
        """Files of another tool as configurations of ours, which load to the same builds.

        All that was given for them is worked in: -f, --set, --var, the environment. They have no
        sensitive variables, so that this is what `docker buildx bake --print` shows to anybody.
        """
        from envdplan.dialects.bake.convert import written

        return tuple(
            SourceFile(_CONVERTED, written(one, exact=True), one.file.directory)
            for one in self.documents
        )

    def _modules(self, read: Read) -> Read:
        def noted(source: str, directory: str) -> Texts:
            texts = self.modules[source, directory] = read(source, directory)
            return texts

        return noted

    def _dialect(self, read: Dialect) -> Dialect:
        def noted(base: "Context") -> "tuple[Document, Diagnostics]":
            document, problems = read(base)
            self.documents.append(document)
            return document, problems

        return noted


def as_noted(modules: Iterable[ModuleTexts]) -> Read:
    """Reads modules as they were when the plan was made."""
    known = {(one.source, one.caller): _texts(one) for one in modules}

    def read(source: str, directory: str) -> Texts:
        found = known.get((source, directory))
        if found is None:
            raise CorruptFile(
                "Plan lacks a module",
                f'It does not hold "{source}", which a file in {directory} calls. Plan again.',
            )
        return found

    return read


def _texts(module: ModuleTexts) -> Texts:
    from envdplan.modules.source import is_fetched

    return Texts(module.directory, module.files, is_fetched(module.source))
