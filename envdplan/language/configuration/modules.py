"""Reads the modules that a configuration calls, and those that they call."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from envdplan.ground.addresses import ModulePath, in_module
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError
from envdplan.ground.source import SourceFile
from envdplan.language.configuration.config import Declarations, Declared
from envdplan.language.configuration.declarations import declare
from envdplan.language.configuration.tree import Module, Tree
from envdplan.language.evaluation.problems import suggestion
from envdplan.language.syntax.document import Document, Literal

SOURCE: Final = "source"
CALLING: Final = frozenset({SOURCE, "depends_on"})
"""Attributes of a module block that are no variables of the module."""

_NOT_YET: Final = {
    "for_each": "A module is called once by each block: write one block for each call, or "
    "for_each in the resources of the module.",
    "count": "A module is called once by each block: write one block for each call.",
    "version": "A version is a part of the source: ?ref=TAG at its end.",
    "providers": "envdplan has no providers: the resources of a module state their own addresses.",
}


@dataclass(frozen=True, slots=True)
class Texts:
    """The files of a module."""

    directory: str
    """Absolute."""
    files: tuple[SourceFile, ...]
    fetched: bool = False
    """Whether they are somebody else's: what they call is so, too."""


Read: TypeAlias = Callable[[str, str], Texts]
"""From a source, and the absolute directory of the file that states it, to the module's files.

Raises EnvdplanError."""
Decode: TypeAlias = Callable[[SourceFile], tuple[Document, Diagnostics]]


def no_modules(source: str, directory: str) -> Texts:
    """Where there is nothing to read modules from."""
    del directory
    raise EnvdplanError("Modules not allowed here", f'There is nothing to read "{source}" from.')


def modules(
    root: Declarations, directory: str, read: Read, decode: Decode
) -> tuple[Tree, Diagnostics]:
    """`root` with all that it calls; `directory` is the project's."""
    loading = _Loading(read, decode)
    loading.add(Module(root, directory=directory), (directory,))
    return Tree(loading.found), loading.diagnostics


@dataclass(slots=True)
class _Loading:
    read: Read
    decode: Decode
    found: dict[ModulePath, Module] = field(default_factory=dict)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)

    def add(self, module: Module, directories: tuple[str, ...]) -> None:
        """Take a module in, and all that it calls; `directories` are those of its callers."""
        self.found[module.path] = module
        for name, call in module.declared.modules.items():
            texts = self._texts(call, module.path)
            if texts is not None and not self._is_cycle(call, texts, directories):
                declared = self._declared(texts, (*module.path, name))
                module.declared.called[name] = declared
                check_call(call, declared, self.diagnostics)
                fetched = texts.fetched or module.fetched
                one = Module(declared, call, texts.directory, fetched)
                self.add(one, (*directories, texts.directory))

    def _texts(self, call: Declared, path: ModulePath) -> Texts | None:
        source = source_of(call, self.diagnostics)
        if source is None:
            return None
        try:
            return self.read(str(source.value), source.range.file.directory)
        except EnvdplanError as error:
            place = None if error.is_about_a_secret else source.range
            address = f"{in_module(path)}module.{call.name}"
            self.diagnostics.error(error.summary, error.detail, place, address)
            return None

    def _is_cycle(self, call: Declared, texts: Texts, directories: tuple[str, ...]) -> bool:
        if texts.directory not in directories:
            return False
        drawn = " -> ".join((*directories, texts.directory))
        detail = f"This module calls itself, so it never ends: {drawn}."
        self.diagnostics.error("Module cycle", detail, call.range)
        return True

    def _declared(self, texts: Texts, path: ModulePath) -> Declarations:
        documents = list(self._decoded(texts))
        declared, problems = declare(documents, path)
        self.diagnostics.extend(problems)
        return declared

    def _decoded(self, texts: Texts) -> Iterator[Document]:
        for file in texts.files:
            document, problems = self.decode(file)
            self.diagnostics.extend(problems)
            yield document


def source_of(call: Declared, diagnostics: Diagnostics) -> Literal | None:
    """The source of a module block: a string that is known without evaluating anything."""
    attribute = call.body.attributes.get(SOURCE)
    if attribute is None:
        detail = 'A module block needs a source, such as source = "./services".'
        diagnostics.error("Missing attribute", detail, call.range)
        return None
    expression = attribute.expression
    if isinstance(expression, Literal) and isinstance(expression.value, str):
        return expression
    detail = (
        "The source of a module is a plain string, because modules are read before anything is "
        "evaluated."
    )
    diagnostics.error("Wrong type", detail, expression.range)
    return None


def check_call(call: Declared, declared: Declarations, diagnostics: Diagnostics) -> None:
    """Whether a call gives a module the variables that it has and needs."""
    for nested in call.body.blocks:
        detail = f'A module block has no block "{nested.type}".'
        diagnostics.error("Unknown block type", detail, nested.range)
    for name, attribute in call.body.attributes.items():
        if name in CALLING or name in declared.variables:
            continue
        hint = _NOT_YET.get(name) or suggestion(name, declared.variables) or _listed(declared)
        detail = f'Module "{call.name}" has no variable "{name}". {hint.strip()}'
        diagnostics.error("Unknown variable", detail.strip(), attribute.name_range)
    for name, variable in declared.variables.items():
        if "default" not in variable.body.attributes and name not in call.body.attributes:
            detail = f'Module "{call.name}" needs {name}: its variable has no default.'
            diagnostics.error("Missing attribute", detail, call.range)


def _listed(declared: Declarations) -> str:
    if not declared.variables:
        return "It has no variables."
    return f"Its variables are: {', '.join(sorted(declared.variables))}."
