"""What a command of the tests may see: nothing of the user who runs them."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[3]


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a command whose home is `home`; warnings of Python are errors in it."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
        **more,
    }
