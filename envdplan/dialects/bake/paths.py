"""Where contexts are: directories of this machine, or places that are none."""

import os
import re
from pathlib import Path
from typing import Final

CWD: Final = "cwd://"
LAYOUT: Final = "oci-layout://"
_HTTP: Final = re.compile(r"https?://")
_GIT: Final = re.compile(r"git://|git@|ssh://|github\.com/|[\w.-]+@[\w.-]+:")


def is_remote(text: str) -> bool:
    """Whether `text` is the URL of an archive, a file or a git repository."""
    return bool(_HTTP.match(text) or _GIT.match(text))


def absolute(text: str, directory: str) -> str:
    """A path as seen from `directory`; bake knows no `~`."""
    return os.path.normpath(Path(directory) / text.removeprefix(CWD))
