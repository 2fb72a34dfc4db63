"""Files and paths. Relative paths start at the directory of the file that states them."""

import base64
import glob
import os
import re
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final

from envdplan.language.evaluation.context import Context, Function
from envdplan.language.evaluation.problems import FunctionError
from envdplan.language.functions.encoding import MAX_TEXT, text_of

_REPEATED: Final = re.compile(r"(?<![^/])\*\*/(?:\*\*/)+")
_MOST_FILES: Final = 100_000
_MOST_STEPS: Final = 10 * _MOST_FILES
"""Several `**` find a file on several ways; each is a step."""
_DEEPEST: Final = 20


def open_file(context: Context, path: str) -> BufferedReader:
    """The file, opened; it counts as read. Raises FunctionError."""
    full = absolute(context, path)
    context.on_file(str(full))
    try:
        if full.exists() and not full.is_file():
            raise FunctionError(f'"{path}" is not a file', 0)
        return full.open("rb")
    except FileNotFoundError:
        raise FunctionError(f'there is no file "{path}" (looked for {full})', 0) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FunctionError(f'"{path}" cannot be read: {reason}', 0) from None


def absolute(context: Context, path: str) -> Path:
    """Where `path` leads, seen from the file that states it. Raises FunctionError."""
    if "\0" in path:
        raise FunctionError("a path holds no NUL", 0)
    return Path(_clean(str(Path(context.directory) / Path(path).expanduser())))


def _bytes(context: Context, path: str) -> bytes:
    with open_file(context, path) as file:
        data = file.read(MAX_TEXT + 1)
    if len(data) > MAX_TEXT:
        raise FunctionError(f'"{path}" has more than {MAX_TEXT} bytes', 0)
    return data


def read_text(context: Context, path: str) -> str:
    """The text of a file; it counts as read. Raises FunctionError."""
    return text_of(_bytes(context, path), f'"{path}"')


def _filebase64(context: Context, path: str) -> str:
    return base64.b64encode(_bytes(context, path)).decode()


def _fileexists(context: Context, path: str) -> bool:
    full = absolute(context, path)
    context.on_file(str(full))
    try:
        return full.is_file()
    except OSError:
        return False


def _fileset(context: Context, path: str, pattern: str) -> tuple[str, ...]:
    root = absolute(context, path)
    context.on_file(str(root))
    if pattern.startswith("/") or ".." in pattern.split("/"):
        raise FunctionError("a pattern must stay inside the folder", 1)
    found: set[str] = set()
    fitting = (name for one in _alternatives(pattern) for name in _glob(root, one))
    for count, name in enumerate(fitting):
        if name not in found and (root / name).is_file():
            found.add(name)
        if len(found) > _MOST_FILES or count > _MOST_STEPS:
            raise FunctionError(f"the pattern matches more than {_MOST_FILES} files", 1)
    return tuple(sorted(found))


def _glob(root: Path, pattern: str) -> Iterator[str]:
    pattern = _REPEATED.sub("**/", pattern)  # each would walk the whole tree for each way
    # pathlib's own glob follows links into endless loops and takes no hidden files away
    return glob.iglob(pattern, root_dir=root, recursive=True, include_hidden=True)  # noqa: PTH207  see above


def _alternatives(pattern: str) -> list[str]:
    """`{a,b}` spelled out, as Terraform's glob library has it."""
    start = pattern.find("{")
    end = pattern.find("}", start)
    if start < 0 or end < 0:
        return [pattern]
    rest = _alternatives(pattern[end + 1 :])
    if len(rest) > _MOST_FILES:
        raise FunctionError("the pattern has too many alternatives", 1)
    return [
        pattern[:start] + choice + tail
        for choice in pattern[start + 1 : end].split(",")
        for tail in rest
    ]


def _abspath(context: Context, path: str) -> str:
    return str(absolute(context, path))


def _clean(path: str) -> str:
    """Without `.`, `..` and doubled slashes, as far as the text alone tells."""
    clean = os.path.normpath(path)
    return clean.removeprefix("/") if clean.startswith("//") else clean


def _dirname(path: str) -> str:
    """What is before the last slash, so that the folder `a/b/` is its own."""
    head, slash, _ = path.rpartition("/")
    return _clean(head + slash)


def _basename(path: str) -> str:
    return Path(path).name or ("/" if path.startswith("/") else ".")


def _pathexpand(path: str) -> str:
    return str(Path(path).expanduser()) if path.startswith("~") else path


def _homedir() -> str:
    return str(Path.home())


FUNCTIONS: Final = (
    Function(
        "file(path: string) -> string",
        "The text of a file.",
        'can(file("no such file"))',
        "false",
        read_text,
        in_context=True,
        pure=False,
    ),
    Function(
        "filebase64(path: string) -> string",
        "The bytes of a file, as base64.",
        'can(filebase64("no such file"))',
        "false",
        _filebase64,
        in_context=True,
        pure=False,
    ),
    Function(
        "fileexists(path: string) -> bool",
        "Whether there is such a file.",
        'fileexists("no such file")',
        "false",
        _fileexists,
        in_context=True,
        pure=False,
    ),
    Function(
        "fileset(path: string, pattern: string) -> list",
        "The files of a folder that match a pattern with *, **, ?, [] and {a,b}.",
        'fileset("no such folder", "**")',
        "[]",
        _fileset,
        in_context=True,
        pure=False,
    ),
    Function(
        "abspath(path: string) -> string",
        "The absolute path.",
        'abspath("/a/../b")',
        '"/b"',
        _abspath,
        in_context=True,
        pure=False,
    ),
    Function(
        "basename(path: string) -> string",
        "The last part of a path.",
        'basename("a/b.txt")',
        '"b.txt"',
        _basename,
    ),
    Function(
        "dirname(path: string) -> string",
        "A path without its last part.",
        'dirname("a/b.txt")',
        '"a"',
        _dirname,
    ),
    Function(
        "pathexpand(path: string) -> string",
        "A path with the user's home in place of ~.",
        'pathexpand("/a")',
        '"/a"',
        _pathexpand,
        pure=False,
    ),
    Function(
        "homedir() -> string",
        "The user's home.",
        'homedir() == pathexpand("~")',
        "true",
        _homedir,
        pure=False,
    ),
)
