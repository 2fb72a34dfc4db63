"""Ignore files made at random, and what a real build by buildx has of a folder with each."""

import os
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

TREE: Final = (
    *("a", "b", "ab", "abc", "d/f", "d/g", "d/e/f", "d/e/h.txt", "x.txt", "y.md", "d/x.txt"),
    *("foo", "xfoo", "d/xfoo", "d/foo", "d/e/foo/k", "keep/a/b", "keep/c", "q/r/s/t/u", "q/r/v"),
    *("^c", "c^", "[z", "d1", "da", "n\nl", "é", "éa", "*", "-", "a-b", "$", "a$", "(p)", "p+"),
    *("{u,v}", "w|w", ".git/c", "node_modules/m/i.js", "d/node_modules/m/i.js", ".dockerignore"),
)
"""The files of each folder."""

_PARTS: Final = (
    *("a", "b", "d", "e", "f", "foo", "xfoo", "keep", "q", "r", "s", "*", "?", "**", "*.txt"),
    *("n*", "[a-d]", "[^d]", "*o*", "d*", "**foo", "e**", "\\*", "c^", "$", "*|*", "[[z]z"),
)


def random_ignore_file(seed: int) -> str:
    """Some lines, the same for the same seed."""
    chance = random.Random(seed)
    return "".join(f"{_line(chance)}\n" for _ in range(chance.randint(1, 5)))


def _line(chance: random.Random) -> str:
    sign, start = chance.choice(("", "", "", "!")), chance.choice(("", "", "/", "./"))
    parts = [chance.choice(_PARTS) for _ in range(chance.choice((1, 1, 2, 2, 3)))]
    return f"{sign}{start}{'/'.join(parts)}{chance.choice(('', '', '/'))}"


def make_tree(root: Path) -> None:
    """The files in `root`; the ignore file among them is empty."""
    for name in TREE:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def kept(ignore_files: Sequence[str], buildx: Path, host: str, folder: Path) -> list[list[str]]:
    """What is left of the tree with each of `ignore_files`: one build, a context for each."""
    contexts = [folder / f"c{at}" for at in range(len(ignore_files))]
    for context, text in zip(contexts, ignore_files, strict=True):
        make_tree(context)
        (context / ".dockerignore").write_text(text)
    lines = ["FROM scratch", *(f"COPY --from={one.name} . /{one.name}/" for one in contexts)]
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    subprocess.run(
        [
            *(buildx, "build", "-q", "-f", folder / "Dockerfile"),
            *("--output", f"type=local,dest={folder}/out"),
            *(part for one in contexts for part in ("--build-context", f"{one.name}={one}")),
            folder,
        ],
        env={"PATH": os.defpath, "HOME": str(folder), "DOCKER_HOST": host},
        check=True,
        capture_output=True,
    )
    return [_names(folder / "out" / one.name) for one in contexts]


def _names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))
