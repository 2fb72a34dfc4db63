"""Credentials for the registries that somebody may use, and for no others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from envdplan.clients.registry.credentials.credential import Credential, Credentials
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.imagenames import canonical_host


@dataclass
class NamedCredentials:
    """The credentials of `inner` for hosts that `is_named` knows; for all others anonymous."""

    inner: Credentials
    is_named: Callable[[str], bool]
    """Gets a host in its one spelling."""
    refused: Callable[[str], None]
    """Hears each other host once, where there is a credential that it did not get."""
    _told: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def for_host(self, host: str) -> Credential | None:
        """See Credentials."""
        canonical = canonical_host(host)
        if self.is_named(canonical):
            return self.inner.for_host(host)
        with self._lock:
            is_new = canonical not in self._told
            self._told.add(canonical)
        if is_new and self._has(host):
            self.refused(canonical)
        return None

    def _has(self, host: str) -> bool:
        try:
            return self.inner.for_host(host) is not None
        except EnvdplanError:
            return False
