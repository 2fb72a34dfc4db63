"""Small bake files, each about one rule, and what docker-buildx itself makes of them.

    python scripts/bake_cases.py DOCKER_BUILDX

asks that program again and writes its answers. tests/data/bake/NAME holds the files, `case.json`
(environment, set, targets; `error`: the summary of our complaint; `differs`: why we answer
otherwise than bake, with our own answer in `ours.json`) and `print.json`, the answer of bake.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from envdplan.dialects.bake import Request
from envdplan.dialects.bake.request import local_platform
from envdplan.ground.source import SourceFile

ROOT: Final = Path(__file__).parent.parent / "tests" / "data" / "bake"
SHARED: Final = ROOT.parent / "bake-files"
"""Files that several cases are about; each says which with `files`."""
PLATFORM: Final = "linux/amd64"
"""What stored answers have for the platform of the machine."""

_FILES: Final = (
    "docker-bake.json",
    "docker-bake.hcl",
    "docker-bake.override.json",
    "docker-bake.override.hcl",
)
"""The order in which bake looks for its files."""


@dataclass(frozen=True)
class Case:
    """One folder of tests/data/bake."""

    folder: Path
    settings: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The rule that the case is about."""
        return self.folder.name

    @property
    def environment(self) -> Mapping[str, str]:
        """All that bake can see of one."""
        return dict(self.settings.get("environment", {}))

    def request(self) -> Request:
        """The case as our own reader takes it."""
        files = tuple(
            SourceFile(one.name, one.read_text(), str(self.folder)) for one in self.files()
        )
        return Request(
            files,
            str(self.folder),
            self.environment,
            tuple(self.settings.get("set", ())),
            targets=tuple(self.settings.get("targets", ("default",))),
            local_platform=PLATFORM,
        )

    def files(self) -> list[Path]:
        """The bake files, later ones override."""
        shared = self.settings.get("files")
        folder = SHARED / shared if shared else self.folder
        return [folder / one for one in _FILES if (folder / one).exists()]

    def stored(self, name: str = "print.json") -> Any:
        """A stored answer."""
        return json.loads((self.folder / name).read_text())

    def command(self) -> list[str]:
        """The arguments for docker-buildx."""
        files = [part for one in self.files() for part in ("-f", os.path.relpath(one, self.folder))]
        sets = [part for one in self.settings.get("set", ()) for part in ("--set", one)]
        return [
            "bake",
            "--progress=quiet",
            "--print",
            *files,
            *sets,
            *self.settings.get("targets", ()),
        ]

    def comparable(self, answer: Any) -> Any:
        """An answer without what bake leaves to chance: the order of what a matrix makes."""
        if not self.settings.get("unordered"):
            return answer
        return _sorted(answer)


def cases() -> Iterator[Case]:
    """All cases by name."""
    for folder in sorted(ROOT.iterdir()):
        yield Case(folder, json.loads((folder / "case.json").read_text()))


def ask(case: Case, program: Path, home: Path) -> Any:
    """What docker-buildx says to a case; of an error its last line."""
    done = subprocess.run(
        [program, *case.command()],
        cwd=case.folder,
        env={"PATH": os.defpath, "HOME": str(home), **case.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return json.loads(done.stdout.replace(f'"{local_platform()}"', f'"{PLATFORM}"'))
    said = [one for one in done.stderr.splitlines() if one.startswith(("ERROR", "panic"))]
    return {"error": said[-1].removeprefix("ERROR: ") if said else done.stderr}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(one) for key, one in value.items()}
    if isinstance(value, list):
        return sorted((_sorted(one) for one in value), key=text)
    return value


def text(answer: Any) -> str:
    """An answer as it is stored."""
    return json.dumps(answer, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main(program: Path, home: Path) -> None:
    """Write the answers of all cases; which of its complaints bake tells first is chance."""
    for case in cases():
        path, said = case.folder / "print.json", ask(case, program, home)
        if not ("error" in said and path.exists() and "error" in case.stored()):
            path.write_text(text(said))


if __name__ == "__main__":
    import tempfile

    main(Path(sys.argv[1]), Path(tempfile.mkdtemp()))
