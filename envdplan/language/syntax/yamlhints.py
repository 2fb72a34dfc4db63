"""What to do about a text that is no YAML: PyYAML says only what it did not find."""

from typing import Final

_HINTS: Final = (
    (
        "cannot start any token",
        "Indent with spaces, not tabs, and quote a text that begins with one.",
    ),
    (
        "mapping values are not allowed",
        'Quote a text that holds ": ", and look at the indentation.',
    ),
    (
        "undefined alias",
        "An anchor (&NAME) must come before its alias (*NAME); quote a text with *.",
    ),
    ("expected <document start>", "The keys of one mapping begin in the same column."),
    ("did not find expected key", "The keys of one mapping begin in the same column."),
    ("expected '-' indicator", "A list and a mapping cannot stand side by side."),
    ("could not find expected ':'", "Put a colon and a space after a key."),
    ("unexpected end of stream", "The quote that opens here is not closed."),
    ("unknown escape character", "Write the backslash twice, or the text in single quotes."),
    ("expected comment or line break", "The text of a block begins on the next line."),
    ("maximum nesting depth", "YAML may be nested 100 levels deep here."),
    ("expected ',' or", "The bracket that opens here is not closed, or a comma is missing."),
)
_UNQUOTED: Final = "Inside of { } and [ ] a text with ${...} has to be quoted."


def hint(said: str, line: str) -> str:
    """A sentence about what PyYAML `said` of a line, or ""."""
    if "${" in line and "expected ',' or" in said:
        return f" {_UNQUOTED}"
    return next((f" {words}" for sign, words in _HINTS if sign in said), "")
