"""The `source` of a module as a value: a folder here, a git repository, or an archive.

The forms are Terraform's (terraform/language/modules/sources), but for its registry.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.modules.urls import (
    Parts,
    check_url,
    problem,
    split,
    url_of_repository,
)

_PARAMETERS: Final = ("ref", "depth")
_GITHUB: Final = "github.com/"
_SCP: Final = re.compile(
    r"(?P<user>[A-Za-z0-9_.][\w.-]*)@(?P<host>[A-Za-z0-9_][\w.-]*):(?P<path>.+)"
)
_SUFFIXES: Final = (".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar", ".zip")
_ZSTD: Final = (".tar.zst", ".tar.zstd", ".tzst")
_OTHER: Final = re.compile(r"(?P<getter>[A-Za-z0-9]+)::")
_REF: Final = re.compile(r"[^-+^\s~:?*\[\\\x00-\x1f\x7f][^\s~^:?*\[\\\x00-\x1f\x7f]*")
_SHA256: Final = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Local:
    """A folder: relative to the file that says so, or absolute."""

    path: str

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class Git:
    """A folder of a git repository, at a tag, branch or commit; at its HEAD without one."""

    url: str
    subdir: str = ""
    ref: str | None = None
    depth: int = 1
    """So many commits are fetched first; the rest only if `ref` is not among them."""

    @property
    def key(self) -> str:
        """The package: equal for sources that need only be fetched once."""
        return f"git::{self.url}" + (f"?ref={self.ref}" if self.ref else "")

    def __str__(self) -> str:
        return _with_subdir(self.key, self.subdir)


@dataclass(frozen=True, slots=True)
class Archive:
    """A folder of an archive that a URL names."""

    url: str
    subdir: str = ""
    checksum: str | None = None
    """sha256:HEX of the archive's own bytes."""

    @property
    def key(self) -> str:
        """The package: equal for sources that need only be fetched once."""
        joint = "&" if "?" in self.url else "?"
        return self.url + (f"{joint}checksum={self.checksum}" if self.checksum else "")

    def __str__(self) -> str:
        return _with_subdir(self.key, self.subdir)


Remote: TypeAlias = Git | Archive
Source: TypeAlias = Local | Git | Archive


def is_fetched(text: str) -> bool:
    """Whether a source is somebody else's, rather than a folder of this machine."""
    return not isinstance(parse(text), Local)


def parse(text: str) -> Source:
    """What `text` means as a source. Raises EnvdplanError, which says how to write it."""
    if text.startswith(("./", "../", "/")):
        return _local(text)
    if text.startswith("git::"):
        return _git(text.removeprefix("git::"))
    if other := _OTHER.match(text):
        raise problem(f"Sources by {other['getter']}:: are not known; there is git::, or an URL "
                      "of an archive.")  # fmt: skip
    if _SCP.fullmatch(text) and "://" not in text:
        return _git(text)
    if text.startswith(_GITHUB):
        return _github(text)
    if "://" in text:
        return _url(text)
    raise _bare(text)


def _local(text: str) -> Local:
    if "?" in text or "\0" in text:
        raise problem("A folder of this machine has no versions: leave out what follows the ?.")
    return Local(text)


def _git(text: str) -> Git:
    parts = split(text, _PARAMETERS)
    if scp := _SCP.fullmatch(parts.url):
        parts = Parts(_ssh(scp), parts.subdir, parts.parameters)
    url = url_of_repository(parts.url, _PARAMETERS)
    return Git(url, parts.subdir, _ref(parts.parameters), _depth(parts.parameters))


def _ssh(scp: "re.Match[str]") -> str:
    """The short form of an address, user@host:path, as a URL; both mean the same to git but for
    paths that begin at the user's home, which the servers of repositories treat alike.
    """
    return f"ssh://{scp['user']}@{scp['host']}/{scp['path'].lstrip('/')}"


def _github(text: str) -> Git:
    parts = split(f"https://{text.partition('?')[0]}", ())
    path = parts.url.removeprefix(f"https://{_GITHUB}").strip("/")
    names = path.removesuffix(".git").split("/")
    if len(names) != 2 or not all(names):  # noqa: PLR2004  owner and repository
        raise problem(
            "On GitHub a source is github.com/OWNER/REPOSITORY, with //FOLDER behind it for a "
            "folder of the repository."
        )
    query = text.partition("?")
    url = f"https://{_GITHUB}{'/'.join(names)}.git"
    return _git(_with_subdir(url, parts.subdir) + query[1] + query[2])


def _url(text: str) -> Remote:
    parts = split(text, ("checksum",))
    path = parts.url.partition("?")[0].lower()
    if path.endswith(".git") or text.startswith(("ssh://", "git://")):
        return _git(text)
    if path.endswith(_ZSTD):
        raise problem("Archives that are compressed by zstd cannot be read; offer it as .tar.gz.")
    if not path.endswith(_SUFFIXES):
        raise problem(
            "It is unclear what this URL names. Put git:: before it if it is a git repository; "
            f"an archive ends with {', '.join(_SUFFIXES)}."
        )
    url = check_url(parts.url, ("https", "http", "file"))
    return Archive(url, parts.subdir, _checksum(parts.parameters))


def _ref(parameters: dict[str, str]) -> str | None:
    ref = parameters.get("ref")
    if ref is None:
        return None
    if not _REF.fullmatch(ref) or ".." in ref or "@{" in ref:
        raise problem(f'"{ref}" cannot be a ref: it is the name of a tag or branch, or a commit.')
    return ref


def _depth(parameters: dict[str, str]) -> int:
    depth = parameters.get("depth", "1")
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", depth):
        raise problem(f'"{depth}" cannot be a depth: it is a number of commits, at least 1.')
    return int(depth)


def _checksum(parameters: dict[str, str]) -> str | None:
    checksum = parameters.get("checksum")
    if checksum is not None and not _SHA256.fullmatch(checksum):
        raise problem("The checksum is that of the archive: sha256: and 64 digits of 0-9 and a-f.")
    return checksum


def _with_subdir(text: str, subdir: str) -> str:
    """`text` with //SUBDIR where it belongs, before the question mark."""
    if not subdir:
        return text
    url, mark, query = text.partition("?")
    return f"{url}//{subdir}{mark}{query}"


def _bare(text: str) -> EnvdplanError:
    if not text.strip():
        return problem("It is empty. A folder is written ./FOLDER.")
    if text.startswith("~"):
        return problem("~ is not supported here; write the absolute path of the folder.")
    if text in (".", ".."):
        return problem(f"A folder starts with ./ or ../: write {text}/.")
    plain = text.partition("?")[0].partition("//")[0]
    if re.fullmatch(r"([\w.-]+/){2,3}[\w.-]+", plain):
        is_host = "." in plain.partition("/")[0]
        git = f" If it is a git repository, write git::https://{plain}." if is_host else ""
        return problem(
            f"Terraform's module registries are not supported.{git} If it is a folder, write "
            f"./{plain}."
        )
    return problem(f"If it is a folder, write ./{plain}. Anything else is a URL.")
