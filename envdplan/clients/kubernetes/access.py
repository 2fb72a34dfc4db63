"""The way into a cluster: kubeconfig (or a pod's service account), TLS, proxy and credentials.

All of it is the official client's work. What it offers for calls is not used: its `stream`
breaks other calls on the same client while it connects (kubernetes 37), and its typed calls take
a different shape with each major version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.loading import load

if TYPE_CHECKING:
    from urllib3 import PoolManager

_NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_LOOPBACK: Final = "localhost,127.0.0.0/8,::1"
"""What kubectl asks no proxy of the environment for, whatever no_proxy says (Go's net/http)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which cluster: a kubeconfig file and a context in it; None is the usual one of each."""

    kubeconfig: str | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """One cluster's API server. Any thread may use it."""

    configuration: Any
    """The official client's kubernetes.client.Configuration."""
    pool: "PoolManager"
    namespace: str
    """What the kubeconfig's context names, else "default"."""

    @property
    def host(self) -> str:
        """The API server's URL, as messages show it."""
        return str(self.configuration.host)

    def url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """The URL of `path`, which is quoted."""
        return f"{self.host}{quote(path)}{'?' + urlencode(query) if query else ''}"

    def headers(self) -> dict[str, str]:
        """Who asks; a token that has expired is renewed by the client's own hook."""
        settings = self.configuration.auth_settings()
        return {one["key"]: one["value"] for one in settings.values() if one["in"] == "header"}


def open_access(target: Target, environment: Mapping[str, str]) -> Access:
    """The cluster that kubectl would use too.

    Raises EnvdplanError when the client is not installed or the kubeconfig makes no sense.
    """
    _load_client()
    from kubernetes import client
    from kubernetes.config import ConfigException
    from yaml import YAMLError

    configuration = client.Configuration()
    try:
        namespace = _configure(configuration, target, environment)
    except (ConfigException, YAMLError, OSError, ValueError, TypeError, KeyError) as error:
        raise _bad(target, environment, error) from error
    return Access(
        configuration, client.ApiClient(configuration).rest_client.pool_manager, namespace
    )


def _load_client() -> None:
    try:
        load("kubernetes")
    except ModuleNotFoundError as error:
        raise EnvdplanError(
            "Kubernetes client is not installed",
            "Builders of type kube-pod need it: pip install 'envdplan[kubernetes]' (with pipx: "
            "pipx inject envdplan 'kubernetes>=36,<38').",
        ) from error


def _configure(configuration: Any, target: Target, environment: Mapping[str, str]) -> str:
    from kubernetes import config

    files = _files(target, environment)
    if files is None:
        config.load_incluster_config(client_configuration=configuration)
        return _NAMESPACE_FILE.read_text().strip() or "default"
    config.load_kube_config(
        config_file=files, context=target.context, client_configuration=configuration
    )
    if configuration.proxy == type(configuration)(host=configuration.host).proxy:
        _spare_loopback(configuration)
    contexts, active = config.list_kube_config_contexts(config_file=files)
    chosen = next((one for one in contexts if one["name"] == target.context), active)
    return str(chosen["context"].get("namespace") or "default")


def _spare_loopback(configuration: Any) -> None:
    """No proxy for this machine, but for one that the kubeconfig names itself (proxy-url)."""
    given = [configuration.no_proxy] if configuration.no_proxy else []
    configuration.no_proxy = ",".join([*given, _LOOPBACK])


def _files(target: Target, environment: Mapping[str, str]) -> str | None:
    """Paths as KUBECONFIG joins them; None within a pod that has no file."""
    if target.kubeconfig:
        return target.kubeconfig
    usual = str(Path(environment.get("HOME", "/root"), ".kube", "config"))
    given = environment.get("KUBECONFIG") or usual
    in_pod = "KUBERNETES_SERVICE_HOST" in environment
    return None if in_pod and target.context is None and not Path(given).exists() else given


def _bad(target: Target, environment: Mapping[str, str], error: Exception) -> EnvdplanError:
    files = _files(target, environment)
    said = " ".join(str(error).split()) or type(error).__name__
    return EnvdplanError(
        "Kubeconfig cannot be used",
        f"{files or 'The service account of this pod'}: {said}. `kubectl config view` shows what "
        "is there; a builder names another one with kubeconfig and kube_context.",
    )
