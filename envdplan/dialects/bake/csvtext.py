"""Lines of comma-separated fields, as bake writes lists and entries in one string."""

import csv


def fields(text: str) -> list[str]:
    """The fields of one line; those with commas are in double quotes. Raises ValueError."""
    if "\n" in text or "\r" in text:
        raise ValueError("it has more than one line")
    try:
        found = next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise ValueError(f"its quotes are not balanced ({error})") from None
    if not found:
        raise ValueError("it is empty")
    return found


def pairs(text: str) -> list[tuple[str, str]]:
    """The fields `key=value`, keys in lower case. Raises ValueError."""
    found: list[tuple[str, str]] = []
    for field in fields(text):
        key, equals, value = field.partition("=")
        if not equals:
            raise ValueError(f'"{field}" is not KEY=VALUE')
        found.append((key.strip().lower(), value))
    return found
