"""Blocks that commands write are laid out as `envdplan fmt` does it."""

from envdplan.app.hclwriter import block_text
from envdplan.ground.source import SourceFile
from envdplan.language.syntax.formatting import formatted

ATTRIBUTES = {
    "type": "docker-container",
    "config": {"debug": True, "a name": ("x", "y")},
    "driver_opts": ({"long_name": "${a}", "b": 1},),
    "nothing": None,
}


def test_a_block_is_formatted() -> None:
    text = "\n".join(block_text("builder", "ci", ATTRIBUTES, {"context": "context.team"})) + "\n"
    assert formatted(SourceFile("imported.envdplan.hcl", text)) == text
    assert "context = context.team" in text
    assert "nothing" not in text
