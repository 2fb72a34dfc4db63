"""The kinds of objects that the server knows."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: `group` is "" for the core API."""

    plural: str
    name: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    short: str = ""
    has_spec: bool = True
    """Whether a change of its spec counts a generation."""

    @property
    def api_version(self) -> str:
        """As objects state it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As messages call it: statefulsets.apps."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def singular(self) -> str:
        """As messages about invalid objects call it: StatefulSet.apps."""
        return f"{self.name}.{self.group}" if self.group else self.name


NAMESPACE: Final = Kind("namespaces", "Namespace", namespaced=False, short="ns", has_spec=False)
POD: Final = Kind("pods", "Pod", short="po")
STATEFUL_SET: Final = Kind("statefulsets", "StatefulSet", "apps", short="sts")
CONFIG_MAP: Final = Kind("configmaps", "ConfigMap", short="cm", has_spec=False)
SECRET: Final = Kind("secrets", "Secret", has_spec=False)
CLAIM: Final = Kind("persistentvolumeclaims", "PersistentVolumeClaim", short="pvc", has_spec=False)
SERVICE_ACCOUNT: Final = Kind("serviceaccounts", "ServiceAccount", short="sa", has_spec=False)
EVENT: Final = Kind("events", "Event", short="ev", has_spec=False)
REVIEW: Final = Kind(
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    "authorization.k8s.io",
    namespaced=False,
    has_spec=False,
)
KINDS: Final = (
    NAMESPACE,
    POD,
    STATEFUL_SET,
    CONFIG_MAP,
    SECRET,
    CLAIM,
    SERVICE_ACCOUNT,
    EVENT,
    REVIEW,
)


def find(group: str, plural: str) -> Kind | None:
    """The kind that a path names."""
    return next((one for one in KINDS if (one.group, one.plural) == (group, plural)), None)
