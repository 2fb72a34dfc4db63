"""Writes envdplan/cli/helptext.py: the text of --help, so that it need not wait for typer."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

PATH = Path(__file__).parents[1] / "envdplan" / "cli" / "helptext.py"


def module() -> str:
    """The text of the module."""
    from typer.testing import CliRunner

    from envdplan.app.wiring import Session
    from envdplan.cli.app import app

    shown = CliRunner(env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"}).invoke(
        app, ["--help"], prog_name="envdplan", obj=Session()
    )
    text = "\n".join(line.rstrip() for line in shown.stdout.splitlines())
    return (
        '"""The text of `envdplan --help`; written by scripts/write_helptext.py."""\n\n'
        f'HELP = """\\\n{text}\n"""\n'
    )


if __name__ == "__main__":
    PATH.write_text(module())
