"""Files that commands write for the user."""

from pathlib import Path

from envdplan.ground import files_on_disk
from envdplan.ground.diagnostics import EnvdplanError


def write_new(path: Path, text: str) -> None:
    """Never over a file that is there."""
    try:
        files_on_disk.write_new(path, text.encode())
    except FileExistsError:
        detail = f"{path} exists. Name another file with --out, or remove it."
        raise EnvdplanError("File already exists", detail) from None
    except OSError as error:
        raise EnvdplanError("Cannot write a file", f"{path}: {error.strerror}.") from error
