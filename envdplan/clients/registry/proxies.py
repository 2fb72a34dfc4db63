"""Which proxy a request takes, by the environment's http_proxy, https_proxy and no_proxy."""

import ipaddress
from collections.abc import Mapping

from envdplan.ground.imagenames import is_loopback


def proxy_for(scheme: str, host: str, environment: Mapping[str, str]) -> str | None:
    """The proxy's URL for `scheme`://`host`, or None to connect directly.

    Loopback hosts never take one. The variables are read as Go's net/http reads them, so that
    envdplan and Docker's tools agree; lower case wins, as in curl.
    """
    if is_loopback(host) or _excluded(host, _variable("no_proxy", environment)):
        return None
    proxy = _variable(f"{scheme}_proxy", environment)
    if not proxy:
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(name: str, environment: Mapping[str, str]) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""


def _excluded(host: str, no_proxy: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    entries = (entry.strip().lower() for entry in no_proxy.split(","))
    return any(entry and _covers(entry, host, name) for entry in entries)


def _covers(entry: str, host: str, name: str) -> bool:
    """Whether one entry covers the host: *, a domain (with its children), host:port, a network."""
    if entry in {"*", host, name}:
        return True
    if "/" in entry:
        return _in_network(name, entry)
    return name.endswith("." + entry.removeprefix("*").removeprefix("."))


def _in_network(name: str, entry: str) -> bool:
    try:
        return ipaddress.ip_address(name.strip("[]")) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
