"""JSON of others: whatever is wrong with it is a ValueError, also that it is nested too deeply.

Python's own reader raises RecursionError for the latter, which nobody expects of a text.
"""

import json
from typing import Any


def loads(text: str | bytes | bytearray, **hooks: Any) -> Any:
    """As json.loads. Raises ValueError."""
    try:
        return json.loads(text, **hooks)  # noqa: TID251  the one place
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
