"""Heredocs made at random: strip markers, directives, indentations, blank lines, lone signs."""

import random
from typing import Final

_HEAD: Final = 'V = "v"\nN = 3\nL = ["p", "q"]\n'
_INDENTS: Final = ("", "  ", "    ", "\t", "      ")
_TEXTS: Final = (
    *("a", "b c", "- ", "  ", "\t", "é", "\\n", '"q"'),
    *("$", "%", "$ ", "% ", "$${x}", "%%{"),
)
_VALUES: Final = (" V ", "V", '"s"', "N")
_OPENINGS: Final = {"for": (" for x in L ",), "if": (" if true ", " if false ")}


def heredoc_file(seed: int, count: int = 12) -> str:
    """A bake file with `count` heredocs as build arguments; the same for the same seed."""
    chance = random.Random(seed)
    made = "".join(f"    a{at} = {_Heredoc(chance).text()}\n" for at in range(count))
    return f'{_HEAD}target "default" {{\n  args = {{\n{made}  }}\n}}\n'


class _Heredoc:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.opened: list[str] = []

    def text(self) -> str:
        lines = [self.line() for _ in range(self.chance.randint(1, 6))]
        while self.opened:
            lines.append(self.chance.choice(("", "  ")) + self.closing())
        end = self.chance.choice(("", "  ")) + "EOT"
        return "\n".join((f"<<{self.chance.choice(('', '-'))}EOT", *lines, end))

    def line(self) -> str:
        pieces = [self.piece() for _ in range(self.chance.choice((0, 1, 1, 2, 3)))]
        return self.chance.choice(_INDENTS) + "".join(pieces) + self.chance.choice(("", "", " "))

    def piece(self) -> str:
        pick = self.chance.random()
        if pick < 0.35:
            return self.chance.choice(_TEXTS)
        if pick < 0.6:
            return self.sequence("$", self.chance.choice(_VALUES))
        if pick < 0.85:
            return self.opening()
        return self.closing() if self.opened else "x"

    def opening(self) -> str:
        word = self.chance.choice(("for", "for", "if"))
        self.opened.append(word)
        return self.sequence("%", self.chance.choice(_OPENINGS[word]))

    def closing(self) -> str:
        return self.sequence("%", f" end{self.opened.pop()} ")

    def sequence(self, sign: str, inner: str) -> str:
        left, right = self.chance.choice(("", "~")), self.chance.choice(("", "~"))
        return f"{sign}{{{left}{inner}{right}}}"
