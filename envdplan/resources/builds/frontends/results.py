"""What a build writes into its own source is no part of it: each run would change the next."""

import os
from collections.abc import Iterator, Mapping

from envdplan.ground.values import Attributes, Value, is_known, reveal


def below(attributes: Attributes, directory: str) -> tuple[str, ...]:
    """The results and local caches of a build that lie in `directory`, relative to it.

    One that is the directory itself, or holds it, cannot be left out: the plan warns of it.
    """
    inside = (os.path.relpath(one, directory) for one in _places(attributes))
    return tuple(one for one in inside if one != "." and not _leads_out(one))


def _leads_out(path: str) -> bool:
    return path == ".." or path.startswith("../")


def _places(attributes: Attributes) -> Iterator[str]:
    for name in ("output", "export_cache"):
        for one in _objects(attributes.get(name)):
            place = reveal(one.get("dest"))
            if isinstance(place, str) and (name == "output" or one.get("type") == "local"):
                yield os.path.abspath(place)  # noqa: PTH100  no link is followed


def _objects(value: Value) -> Iterator[Attributes]:
    for one in value if isinstance(value, tuple) else ():
        if isinstance(one, Mapping) and is_known(one.get("dest")):
            yield one
