"""A log in a file, read line by line."""

import logging
import re
from dataclasses import dataclass
from pathlib import Path

from envdplan.ground import logs, logsetup

_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO |DEBUG) (envdplan\.[\w.]+): (.*)")


@dataclass
class Logged:
    """What was logged since `start`."""

    path: Path

    def start(self, level: str = "info", *arguments: str) -> None:
        environment = {"ENVDPLAN_LOG": level, "ENVDPLAN_LOG_FILE": str(self.path)}
        logsetup.start(environment, arguments)

    def lines(self) -> list[str]:
        """Logger and text of each line after the first four, which tell of the command."""
        found = [_LINE.fullmatch(line) for line in self.path.read_text().splitlines()]
        assert all(found), self.path.read_text()
        return [f"{one[2].removeprefix('envdplan.')} {one[3]}" for one in found if one][4:]

    def calls(self) -> list[str]:
        """The same without the time that each call took."""
        return [re.sub(r" \d+ ms$", "", one) for one in self.lines()]

    def end(self) -> None:
        logs.switch(on=False)
        logger = logging.getLogger("envdplan")
        for one in [*logger.handlers]:
            logger.removeHandler(one)
