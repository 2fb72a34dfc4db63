"""`extra_hosts`: names for RUN steps, and one more that stands for their addresses.

BuildKit's cache knows a step by the names of its hosts, not by their addresses
(solver/llbsolver/ops/exec.go clears them before it makes the key): with another address the step
would be taken from the cache as it was with the former one. A name that is made of the addresses is
in the key. It lies below `.invalid`, which no resolver answers (RFC 6761), and is seen in the
/etc/hosts of RUN steps only.
"""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

_NOWHERE: Final = "127.0.0.1"


def option(hosts: Mapping[str, str]) -> str:
    """The value of the frontend's attribute `add-hosts`."""
    return ",".join(f"{name}={address}" for name, address in {**hosts, **_mark(hosts)}.items())


def _mark(hosts: Mapping[str, str]) -> Mapping[str, str]:
    text = json.dumps(hosts, sort_keys=True)
    digest = blake2b(text.encode(), digest_size=16).hexdigest()
    return {f"{digest}.addresses.envdplan.invalid": _NOWHERE}
