"""Regular expressions in linear time: RE2, which never goes back, whatever the pattern.

Every pattern of a user or of a builder goes through here; Python's own `re` is for ours only.
"""

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from re2 import Options

Expression: TypeAlias = Any
"""A compiled one; google-re2 has no types."""

MOST_MEMORY: Final = 64 * 1024 * 1024
"""Bytes that one expression may take."""


class BadExpression(ValueError):
    """What is no regular expression, with RE2's reason."""


def compiled(pattern: str) -> Expression:
    """The expression that `pattern` writes. Raises BadExpression."""
    import re2

    try:
        return re2.compile(pattern, options())
    except UnicodeEncodeError:
        raise BadExpression("it holds bytes that are no UTF-8") from None
    except re2.error as error:
        said = error.args[0]
        words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise BadExpression(words) from None


def options(*, memory: int = MOST_MEMORY, captures: bool = True) -> "Options":
    """Settings of RE2 that print nothing."""
    import re2

    made = re2.Options()
    made.log_errors = False
    made.max_mem = memory
    made.never_capture = not captures
    return made
