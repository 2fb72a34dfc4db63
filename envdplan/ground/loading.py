"""Imports of slow libraries from several threads, one at a time.

Two threads that enter a package with circular imports at different doors can lock each other out;
Python then raises _DeadlockError. So whoever is about to need such a library loads it here first.
"""

import importlib
import threading

_ONE_AT_A_TIME = threading.RLock()
_loaded: set[str] = set()


def load(name: str) -> None:
    """Import `name`, unless that was done before."""
    if name not in _loaded:
        with _ONE_AT_A_TIME:
            importlib.import_module(name)
            _loaded.add(name)
