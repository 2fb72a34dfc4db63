"""Walks the module blocks of a project, and of the modules that they name, installing each."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NoReturn

from envdplan.app.project import read_configuration
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError, Rejected
from envdplan.ground.source import SourceFile
from envdplan.language.syntax import decode
from envdplan.language.syntax.document import Attribute, Block, Literal
from envdplan.modules.events import ModuleEvent, Outcome
from envdplan.modules.install import Installer
from envdplan.modules.installed import local_folder, subfolder
from envdplan.modules.source import Local, Remote, parse
from envdplan.modules.urls import SecretInSource

_DEEPEST: Final = 32

Tell = Callable[[ModuleEvent], None]


@dataclass(frozen=True, slots=True)
class _Step:
    """One module on the way from the project to where we are."""

    folder: Path
    """Without links, so that it is known again."""
    address: str
    source: str


@dataclass(slots=True)
class ModuleTree:
    """All modules of a project. `tell` hears of each; `problems` gets what is wrong with them."""

    installer: Installer
    tell: Tell
    problems: Diagnostics = field(default_factory=Diagnostics)
    count: int = 0
    """Module blocks whose modules are ready."""
    _done: set[Path] = field(default_factory=set)

    def walk(self, directory: Path, files: Iterable[SourceFile]) -> None:
        """Install all that the project in `directory` needs. Collects problems, and goes on."""
        top = _Step(Path(os.path.realpath(directory)), "", str(directory))
        self._folder(directory, files, (top,))

    def _folder(self, directory: Path, files: Iterable[SourceFile], way: tuple[_Step, ...]) -> None:
        self._done.add(way[-1].folder)
        for block in _blocks(files, self.problems):
            self._block(block, directory, way)

    def _block(self, block: Block, directory: Path, way: tuple[_Step, ...]) -> None:
        found = _source(block, self.problems)
        if found is None:
            return
        address = ".".join(filter(None, (way[-1].address, f"module.{block.labels[0]}")))
        try:
            self._module(found[0], address, directory, way)
        except SecretInSource as error:
            where = f"The source of {address}, in {block.range.file.name}: {error.detail}"
            self.problems.error(error.summary, where, address=address)
        except EnvdplanError as error:
            self.problems.error(error.summary, error.detail, found[1].expression.range, address)

    def _module(self, text: str, address: str, directory: Path, way: tuple[_Step, ...]) -> None:
        folder = self._installed(text, address, directory)
        step = _Step(Path(os.path.realpath(folder)), address, text)
        if any(one.folder == step.folder for one in way):
            _cycle(way, step)
        if len(way) > _DEEPEST:
            raise EnvdplanError(
                "Modules are nested too deeply",
                f"There are {_DEEPEST} modules around this one. Call it from further above.",
            )
        files = read_configuration(folder)
        self.count += 1
        if step.folder not in self._done:
            self._folder(folder, files, (*way, step))

    def _installed(self, text: str, address: str, directory: Path) -> Path:
        """The module's folder; what was done is told."""
        source = parse(text)
        if isinstance(source, Local):
            folder = local_folder(source, directory, self.installer.folder)
            self.tell(ModuleEvent(Outcome.LOCAL, text, address))
            return folder
        return self._package(source, address)

    def _package(self, source: Remote, address: str) -> Path:
        begun = ModuleEvent(Outcome.FETCHING, str(source), address)
        done = self.installer.install(source, lambda: self.tell(begun))
        folder = subfolder(done.folder, source)
        former = done.former.commit if done.former else None
        self.tell(
            replace(
                begun,
                outcome=done.outcome,
                checksum=done.locked.checksum,
                commit=done.locked.commit,
                former_commit=former if former != done.locked.commit else None,
            )
        )
        return folder


def names_modules(files: Iterable[SourceFile]) -> bool:
    """Whether there are module blocks. Raises Rejected when the files cannot be read."""
    problems = Diagnostics()
    found = [block.type for block in _blocks(files, problems)]
    if problems.has_errors:
        raise Rejected(problems)
    return bool(found)


def _blocks(files: Iterable[SourceFile], problems: Diagnostics) -> Iterator[Block]:
    for file in files:
        document, found = decode(file)
        problems.extend(found)
        yield from document.body.of_type("module")


def _source(block: Block, problems: Diagnostics) -> tuple[str, Attribute] | None:
    """The text of a block's source, and where it stands."""
    if len(block.labels) != 1:
        problems.error(
            "Wrong number of labels",
            'A module block has a name: module "NAME" { ... }.',
            block.range,
        )
        return None
    attribute = block.body.attributes.get("source")
    if attribute is None:
        problems.error(
            "Module has no source",
            'Say where the module comes from, such as source = "./FOLDER".',
            block.range,
        )
        return None
    value = attribute.expression.value if isinstance(attribute.expression, Literal) else None
    if not isinstance(value, str):
        problems.error(
            "Module source is not plain text",
            "Modules are fetched before anything is evaluated, so a source cannot use "
            "variables, functions or templates. Write it out as text in quotes.",
            attribute.expression.range,
        )
        return None
    return value, attribute


def _cycle(way: tuple[_Step, ...], again: _Step) -> NoReturn:
    start = next(n for n, one in enumerate(way) if one.folder == again.folder)
    steps = [*way[start:], again]
    drawn = [f"  {'   ' * n}{_name(one)}" for n, one in enumerate(steps)]
    drawn[-1] += "   <- again"
    raise EnvdplanError(
        "Cycle of fetched modules",
        "\n".join(["This source leads back to where it is needed:", *drawn])
        + "\nTake one of these module blocks out.",
    )


def _name(step: _Step) -> str:
    block = f"module.{step.address.rpartition('module.')[2]}" if step.address else "the project"
    return f"{block}   {step.source}"
