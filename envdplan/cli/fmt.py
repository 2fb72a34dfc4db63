"""envdplan fmt: HCL files in their canonical form."""

import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from envdplan.app import exit_codes
from envdplan.app.wiring import Session
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.source import SourceFile

_STANDARD_INPUT = "-"


def fmt(
    ctx: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Files, directories, or - for standard input. Default: this project.",
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", "-check", help="Write nothing; exit with 3 if a file is not formatted."
        ),
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", "-diff", help="Show the changes as a diff.")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-recursive", help="Also format files in subdirectories.")
    ] = False,
    write: Annotated[
        str,
        typer.Option("--write", "-write", metavar="true|false", help="Write the formatted files."),
    ] = "true",
    names: Annotated[
        str,
        typer.Option(
            "--list", "-list", metavar="true|false", help="List the files that formatting changes."
        ),
    ] = "true",
) -> int:
    """Format HCL files.

    Only white space changes. In a directory it formats envdplan.hcl,
    *.envdplan.hcl and *.vars.hcl. YAML files are not formatted.
    """
    writes, lists = _truth("-write", write), _truth("-list", names)
    run = _Formatting(ctx.obj, writes=writes and not check, lists=lists, shows_changes=diff)
    if paths == [_STANDARD_INPUT]:
        run.standard_input(shows_text=not check and not diff)
    else:
        run.everything(paths or [str(run.session.directory)], recursive=recursive)
    if run.failed:
        return exit_codes.ERROR
    return exit_codes.UNFORMATTED if check and run.changed else exit_codes.OK


def _truth(option: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise EnvdplanError(f"Invalid {option}", f'"{text}" is neither true nor false.')
    return text == "true"


@dataclass
class _Formatting:
    """One run. A mistake in one file is told, and keeps no other file from being formatted."""

    session: Session
    writes: bool
    lists: bool
    shows_changes: bool
    changed: bool = False
    failed: bool = False

    def standard_input(self, *, shows_text: bool) -> None:
        """Standard input to standard output. Raises EnvdplanError."""
        file = _standard_input()
        text = self._formatted(file)
        self.changed = text != file.text
        if shows_text:
            typer.echo(text.encode(), nl=False)
        elif self.shows_changes:
            _show_changes(file, text)

    def everything(self, paths: list[str], *, recursive: bool) -> None:
        """Files, and the files of directories. Raises EnvdplanError when - is among them."""
        if _STANDARD_INPUT in paths:
            raise EnvdplanError(
                "Standard input excludes files", "Give either - or other paths, not both."
            )
        found = list(self._files(paths, recursive=recursive))
        for one in found:
            try:
                self._file(one)
            except EnvdplanError as error:
                self._fail(error)
        if not found and not self.failed:
            typer.echo(f"There are no HCL files of envdplan in {', '.join(paths)}.", err=True)

    def _files(self, paths: list[str], *, recursive: bool) -> Iterator[Path]:
        from envdplan.app.hclfiles import hcl_files

        for path in map(Path, paths):
            try:
                yield from hcl_files(path, recursive=recursive)
            except EnvdplanError as error:
                self._fail(error)

    def _fail(self, error: EnvdplanError) -> None:
        self.failed = True
        self.session.tell(error)

    def _file(self, path: Path) -> None:
        from envdplan.app.sources import read_source

        file = read_source(path)
        text = self._formatted(file)
        if text == file.text:
            return
        self.changed = True
        if self.writes:
            _replace(path, text)
        if self.lists:
            typer.echo(os.fsencode(file.name))
        if self.shows_changes:
            _show_changes(file, text)

    def _formatted(self, file: SourceFile) -> str:
        from envdplan.language.syntax.formatting import formatted

        return formatted(file)


def _standard_input() -> SourceFile:
    try:
        return SourceFile("<stdin>", sys.stdin.buffer.read().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise EnvdplanError(
            "Not a text file", f"Standard input is not UTF-8: byte {error.start} cannot be read."
        ) from error


def _replace(path: Path, text: str) -> None:
    """Write the file that `path` is or links to; a rename would do so for a protected file, too."""
    from envdplan.ground.files_on_disk import write_atomically

    if not os.access(path, os.W_OK):
        raise EnvdplanError(
            "Cannot write a file", f"{path} is write-protected; it was not changed."
        )
    write_atomically(path, text.encode())


def _show_changes(file: SourceFile, text: str) -> None:
    from difflib import unified_diff

    before, after = (io.StringIO(one).readlines() for one in (file.text, text))
    for line in unified_diff(before, after, f"old/{file.name}", f"new/{file.name}"):
        end = "" if line.endswith("\n") else "\n\\ No newline at end of file\n"
        typer.echo(f"{line}{end}".encode(errors="surrogateescape"), nl=False)
