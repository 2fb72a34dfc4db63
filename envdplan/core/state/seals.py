"""Keyed digests of sensitive values: a change of one is seen, and none is kept.

They are slow to make, because the key lies beside them in the state: whoever reads the state can
try values, and a short one would be found soon by a fast digest.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import pbkdf2_hmac, sha256
from hmac import compare_digest, digest
from secrets import token_hex
from typing import Final

from envdplan.ground.encoding import to_json
from envdplan.ground.values import Value

_ROUNDS: Final = 200_000
"""About a tenth of a second for each value, once in a run."""
_KEY_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Seal:
    """The digests of values by their names, and the key that they were made with."""

    key: str = field(repr=False)
    """Hexadecimal; the same for all of a state, so that each value is digested once in a run."""
    digests: Mapping[str, str] = field(repr=False)

    def others(self, values: Mapping[str, Value]) -> tuple[str, ...]:
        """Names of `values` that are known to be others than those that were sealed."""
        known = (name for name in values if name in self.digests)
        return tuple(
            name
            for name in known
            if not compare_digest(self.digests[name], _digest(self.key, name, values[name]))
        )


def new_key() -> str:
    """A random key."""
    return token_hex(_KEY_BYTES)


def seal(values: Mapping[str, Value], key: str) -> Seal | None:
    """The seal of plain `values`; None where there are none."""
    found = {name: _digest(key, name, value) for name, value in sorted(values.items())}
    return Seal(key, found) if found else None


def seal_to_json(one: Seal) -> Mapping[str, Value]:
    """As it stands in states and saved plans."""
    return {"key": one.key, "digests": dict(one.digests)}


def seal_from_json(one: Mapping[str, Value]) -> Seal:
    """Raises KeyError, TypeError and AttributeError for what is none."""
    digests = {str(name): str(digest) for name, digest in one["digests"].items()}
    return Seal(str(one["key"]), digests)


def _digest(key: str, name: str, value: Value) -> str:
    """Of equal values under two names nobody sees that they are equal."""
    text = json.dumps(to_json(value), sort_keys=True, ensure_ascii=False)
    return digest(_stretched(key, text), name.encode(), sha256).hex()


@lru_cache(maxsize=1024)
def _stretched(key: str, text: str) -> bytes:
    return pbkdf2_hmac("sha256", text.encode("utf-8", "surrogateescape"), key.encode(), _ROUNDS)
